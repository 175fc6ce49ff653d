# Flags of the predecessors: those that need the Kubernetes API source exit with 2 and say so; bad flags exit with 2; bad configuration with 78.
net; node lb 31
vipd_config lb
equal "--services-configmap" 2 "$(vipd_run lb --services-configmap=kube-system/vip >"$W/out" 2>&1; echo $?)"
contains "said" "$(cat "$W/out")" "Kubernetes API source not in this build"
equal "KEEPALIVED_CONFIG_MAP" 2 "$(KEEPALIVED_NAMESPACE=x KEEPALIVED_CONFIG_MAP=y vipd_run lb >"$W/out" 2>&1; echo $?)"
equal "unknown flag" 2 "$(vipd_run lb --nonsense >"$W/out" 2>&1; echo $?)"
echo 'scheduler: 7' >>"$W/nodes/lb/vipd.yaml"
equal "bad configuration" 78 "$(vipd_run lb -n >"$W/out" 2>&1; echo $?)"
contains "its line" "$(cat "$W/out")" "vipd.yaml:4:"
