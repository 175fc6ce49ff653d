# 10,000 files in the folder are all taken; one change among them arrives.
net; node lb 31
python3 - "$W/nodes/lb/manifests" <<'PY'
import sys
for i in range(5000):
    with open('%s/s%04d.yaml' % (sys.argv[1], i), 'w') as f:
        f.write('apiVersion: v1\nkind: Service\nmetadata: {name: s%d}\nspec:\n  clusterIP: 10.97.%d.%d\n  ports: [{port: 80}]\n' % (i, i // 250, i % 250 + 1))
    with open('%s/e%04d.yaml' % (sys.argv[1], i), 'w') as f:
        f.write('apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\nmetadata: {name: s%d, labels: {kubernetes.io/service-name: s%d}}\n'
                'addressType: IPv4\nports: [{port: 80}]\nendpoints: [{addresses: [10.32.0.5]}]\n' % (i, i))
PY
vipd lb
until_ok 90 eval '[ "$(kernel_table lb | grep -c ^TCP)" = 5000 ]'
has lb "TCP 10.97.19.250:80" 1
sed -i 's/10.32.0.5/10.32.0.6/' "$W/nodes/lb/manifests/e4999.yaml"
until_ok 30 eval 'kernel_reals lb "TCP 10.97.19.250:80" | grep -q 10.32.0.6:80'
