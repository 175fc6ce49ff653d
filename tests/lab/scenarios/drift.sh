# What somebody deletes comes back within a second or so, weights within 30 s; a foreign virtual server is left alone and counted. A
# program that goes on changing one is told of within three rounds, and put right less and less often.
net; node lb 31
pod web-1 5; pod web-2 6
vipd lb
service web 'clusterIP: 10.96.6.6' 'ports: [{port: 80}]' | apply lb - web
has lb "TCP 10.96.6.6:80" 2
on lb ipvsadm -A -t 10.99.9.9:99 -s wlc
on lb ipvsadm -a -t 10.99.9.9:99 -r 10.32.0.5:80 -m
on lb ipvsadm -D -t 10.96.6.6:80
has lb "TCP 10.96.6.6:80" 2
on lb ipvsadm -d -t 10.96.6.6:80 -r 10.32.0.5:80
has lb "TCP 10.96.6.6:80" 2
on lb ipvsadm -e -t 10.96.6.6:80 -r 10.32.0.5:80 -m -w 9
until_ok 40 eval '! kernel_reals lb "TCP 10.96.6.6:80" | grep -q " 9"'
until_ok 10 eval '[ "$(status lb ipvs.foreign)" = 1 ]'
on lb ipvsadm -C
has lb "TCP 10.96.6.6:80" 2
equal "healed virtual servers" True "$(python3 -c "print($(status lb ipvs.drift.services) >= 2)")"
on lb ipvsadm -A -t 10.99.9.9:99 -s wlc
unapply lb web
hasnt lb "TCP 10.96.6.6:80"
table_has lb "TCP 10.99.9.9:99"

# A tug of war: somebody deletes it as often as it comes.
service web 'clusterIP: 10.96.6.6' 'ports: [{port: 80}]' | apply lb - web
has lb "TCP 10.96.6.6:80" 2
before=$(status lb ipvs.drift.services)
become lb sh -c 'while :; do ipvsadm -D -t 10.96.6.6:80 2>/dev/null; sleep 0.2; done' &
puller=$!
until_ok 20 eval 'vipctl lb status | grep -q TugOfWar'
contains "told" "$(vipctl lb status)" "another program keeps changing TCP 10.96.6.6:80"
at=$SECONDS; begun=$(status lb ipvs.drift.services)
[ $((begun - before)) -le 4 ] || fail "told after $((begun - before)) rounds"
sleep 12
often=$(($(status lb ipvs.drift.services) - begun))
[ $often -ge 1 ] && [ $often -le 4 ] || fail "put right $often times in $((SECONDS - at)) s"
kill $puller
has lb "TCP 10.96.6.6:80" 2
equal "one" 1 "$(status lb ipvs.tugsOfWar)"
# What is asked for goes its way at once.
pod web-3 7
has lb "TCP 10.96.6.6:80" 3
