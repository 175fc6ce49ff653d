# Equal priorities: the greater address wins, whoever starts first; after that nobody changes places.
net; lb lb1 11; lb lb2 12; client c 100
vipd_config lb1 "$(router 100)"; vipd_config lb2 "$(router 100)"
vipd_launch lb1; vipd_launch lb2; vipd_serves lb1; vipd_serves lb2
until_ok 60 eval 'h=$(holders 10.10.0.1); [ "$h" = lb1 ] || [ "$h" = lb2 ]'
sleep 2
first=$(holders 10.10.0.1)
stays "$first" 10.10.0.1 3
cut lb1; cut lb2
until_ok 60 eval 'addr_on lb1 eth0 10.10.0.1 && addr_on lb2 eth0 10.10.0.1'
uncut lb1; uncut lb2
until_owner lb2 10.10.0.1
