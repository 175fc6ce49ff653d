# Routers that cannot be: each is refused with its line, and vipd does not start with any of them.
net; node lb 31
refused() { # refused WORDS LINE..
	local words=$1; shift
	vipd_config lb "$@"
	equal "exit status for '$*'" 78 "$(status_of vipd_run lb -n)"
	contains "the line" "$(cat "$W/said")" "vipd.yaml:4:"
	contains "why" "$(cat "$W/said")" "$words"
}
refused vrid "$(router 100 'vrid: 0')"
refused vrid "$(router 100 'vrid: 256')"
refused priority "$(router 256)"
refused priority "$(router 0)"
refused interval "$(router 100 'interval: 0')"
refused interval "$(router 100 'version: 2' 'interval: 500ms')"
refused version "$(router 100 'version: 2' 'family: IPv6' 'addresses: ["fd10::1/128"]')"
refused peer "$(router 100 'source: 172.17.0.31' 'peers: [172.17.0.31]')"
refused "172.17.0.31 is an address of eth0" "$(router 100 'peers: [172.17.0.32, 172.17.0.31]')"
refused authentication "$(router 100 'authentication: {type: pass, password: sesame}')"
refused 'prioritty' "$(router 100 'prioritty: 3')"
refused vrid 'routers: [{name: a, vrid: 5, family: IPv4}, {name: b, vrid: 5, family: IPv4}]'
refused name 'routers: [{name: a, vrid: 5, family: IPv4}, {name: a, vrid: 6, family: IPv4}]'
refused 10.10.0.9 'routers: [{name: a, vrid: 5, family: IPv4, addresses: [10.10.0.9/32]}, {name: b, vrid: 6, family: IPv4, addresses: [10.10.0.9/32]}]'

# An interface may come yet: told, with its line, and no error.
vipd_config lb "$(router 100 'interface: eth9')"
equal "an unknown interface" 0 "$(status_of vipd_run lb -n)"
contains "told" "$(cat "$W/said")" "vipd.yaml:4:"
contains "told" "$(cat "$W/said")" "warning: router vips: there is no interface eth9 on this node now"
