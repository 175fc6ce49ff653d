# Nodes whose firewall lets nothing in: each takes the address, and nobody gets an answer, until it is opened as README's "Beside a firewall" says, by nftables
# and by iptables.
net; lb lb1 11; lb lb2 12; client c 100
pod web-1 5
service web 'externalIPs: [10.10.0.1]' 'ports: [{port: 80}]' | apply lb1 - web
cp "$W/nodes/lb1/manifests/"* "$W/nodes/lb2/manifests/"
nft_wall() {
	on "$1" nft -f - <<-'NFT'
	table inet filter {
		chain input {
			type filter hook input priority 0; policy drop;
			iif lo accept
			ct state established,related accept
			meta l4proto { icmp, ipv6-icmp } accept
		}
	}
	NFT
}
iptables_wall() {
	on "$1" iptables -P INPUT DROP
	on "$1" iptables -A INPUT -i lo -j ACCEPT
	on "$1" iptables -A INPUT -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT
}
opened() { # opened NODE WORD: by the commands of README's row
	local line
	sed -n "s/^| $2 | \`\(.*\)\`, \`\(.*\)\`\(, .*\)\? |\$/\1\n\2/p" "$TOP/README.md" >"$W/commands"
	equal "README's commands" 2 "$(grep -c . "$W/commands")"
	while read -r line; do
		# shellcheck disable=SC2086
		on "$1" $line
	done <"$W/commands"
}
nft_wall lb1; iptables_wall lb2
vipd lb1 "$(router 150)" 'masquerade: always'; vipd lb2 "$(router 100)" 'masquerade: always'
until_role lb1 Active; until_role lb2 Active
has_addr lb1 eth0 10.10.0.1; has_addr lb2 eth0 10.10.0.1
not get_ok c http://10.10.0.1/
opened lb2 iptables; opened lb1 nftables
until_role lb2 Backup
hasnt_addr lb2 eth0 10.10.0.1
until_ok 30 get_ok c http://10.10.0.1/
crash lb1
until_role lb2 Active
until_ok 30 get_ok c http://10.10.0.1/
