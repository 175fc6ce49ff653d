# Flags of the predecessors: those that need the Kubernetes API source exit with 2 and say so; bad flags exit with 2; bad configuration with 78.
net; node lb 31
vipd_config lb
equal "--services-configmap" 2 "$(status_of vipd_run lb --services-configmap=kube-system/vip)"
contains "said" "$(cat "$W/said")" "Kubernetes API source not in this build"
equal "KEEPALIVED_CONFIG_MAP" 2 "$(KEEPALIVED_NAMESPACE=x KEEPALIVED_CONFIG_MAP=y status_of vipd_run lb)"
equal "unknown flag" 2 "$(status_of vipd_run lb --nonsense)"
echo 'scheduler: 7' >>"$W/nodes/lb/vipd.yaml"
equal "bad configuration" 78 "$(status_of vipd_run lb -n)"
contains "its line" "$(cat "$W/said")" "vipd.yaml:4:"
