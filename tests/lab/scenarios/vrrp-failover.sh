# vipctl failover: the Active hands over (not a datagram is lost), says who took over, and does not take the address back by itself.
net; lb lb1 11; lb lb2 12; client c 100
vipd lb1 "$(router 150)"; vipd lb2 "$(router 100)"
until_owner lb1 10.10.0.1
load c -u 10.10.0.1 7
sleep 1
said=$(vipctl lb1 failover)
say "$said"
contains "who took over" "$said" "172.17.0.12"
until_owner lb2 10.10.0.1
sleep 1
load_end
errors_under 1
contains "both nodes answered" "$load" "hosts 2"
equal "a Backup has nothing to hand over" 1 "$(status_of vipctl lb1 failover vips)"
equal "an unknown router" 1 "$(status_of vipctl lb2 failover nobody)"
