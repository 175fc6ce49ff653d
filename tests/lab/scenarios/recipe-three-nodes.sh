# packaging/doc/recipes.md, "Three nodes, spread", as it stands.
. "$TOP/tests/lab/recipe.sh"
net; client c 100
for n in 1 2 3; do lb lb$n 1$n; done
recipe "Three nodes, spread"
