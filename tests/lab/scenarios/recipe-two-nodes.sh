# packaging/doc/recipes.md, "Two nodes", as it stands.
. "$TOP/tests/lab/recipe.sh"
net; lb lb1 11; lb lb2 12; client c 100
pod_host web-1 5 80; pod_host web-2 6 80
recipe "Two nodes"
