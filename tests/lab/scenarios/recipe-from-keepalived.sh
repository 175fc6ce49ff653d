# packaging/doc/recipes.md, "From keepalived", as it stands, with a client that goes on asking.
. "$TOP/tests/lab/recipe.sh"
net; lb lb1 11; lb lb2 12; client c 100
keepalived lb1 150; keepalived lb2 100
until_owner lb1 10.10.0.1
recipe "From keepalived"
until_owner lb1 10.10.0.1
