# packaging/doc/recipes.md, "Direct return", as it stands. The real servers have a way of their own to the client's network.
. "$TOP/tests/lab/recipe.sh"
net; node lb1 11; client c 100
pod_host web-1 5 80; pod_host web-2 6 80
leg web-1 41; leg web-2 42
recipe "Direct return"
