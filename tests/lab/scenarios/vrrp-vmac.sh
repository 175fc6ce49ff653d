# mac: virtual: the address answers with the virtual router's own MAC on every node, so that nothing has to be told at a change.
net; lb lb1 11; lb lb2 12; client c 100
mac() { owner 10.10.0.1 >/dev/null; ip -n c neigh show 10.10.0.1 | sed 's/.*lladdr \([^ ]*\).*/\1/'; }
vipd lb1 "$(router 150 'mac: virtual')"; vipd lb2 "$(router 100 'mac: virtual')"
until_owner lb1 10.10.0.1
equal "the virtual MAC" 00:00:5e:00:01:32 "$(mac)"
crash lb1
until_owner lb2 10.10.0.1
equal "the virtual MAC" 00:00:5e:00:01:32 "$(mac)"
vipd_stop lb2
equal "no device stays" "" "$(ip -n lb2 -o link show type macvlan)"
