# packaging/doc/recipes.md, "One node", as it stands.
. "$TOP/tests/lab/recipe.sh"
net; node lb1 11; client c 100
pod_host web-1 5 80; pod_host web-2 6 80
recipe "One node"
