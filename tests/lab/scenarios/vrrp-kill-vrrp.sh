# SIGKILL of the Active's vrrp process, and of its control and ipvs: started again before the other has waited out, the address stays where it is.
net; lb lb1 11; lb lb2 12; client c 100
vipd lb1 "$(router 150)"; vipd lb2 "$(router 100)"
until_owner lb1 10.10.0.1
load c -u 10.10.0.1 7
for role in vrrp control ipvs; do
	old=$(vipd_pid lb1 $role)
	signal lb1 $role KILL
	until_ok 30 eval "p=\$(vipd_pid lb1 $role 2>/dev/null) && [ \"\$p\" != $old ]"
	vipd_serves lb1
	until_owner lb1 10.10.0.1
done
no_error
until_role lb1 Active
