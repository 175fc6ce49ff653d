# A flood of malformed and refused advertisements changes no state, in the Active or in the Backup; nobody stops hearing the other; the log is not flooded.
net; lb lb1 11; lb lb2 12; client c 100; client x 66
vipd lb1 "$(router 150)"; vipd lb2 "$(router 100)"
until_owner lb1 10.10.0.1
until_role lb2 Backup
lines=$(cat "$W"/nodes/lb[12]/log | wc -l)
become x "$BUILD/tests/lab/hostile" eth0 172.17.0.66 50 8 &
while kill -0 $! 2>/dev/null; do
	equal "who holds the address under the flood" lb1 "$(holders 10.10.0.1)"
	sleep 0.1
done
wait $!
is_role lb1 Active
is_role lb2 Backup
until_owner lb1 10.10.0.1
lines=$(($(cat "$W"/nodes/lb[12]/log | wc -l) - lines))
[ $lines -lt 2000 ] || fail "$lines lines in the logs"
crash lb1
until_owner lb2 10.10.0.1
