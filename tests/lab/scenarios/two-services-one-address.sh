# Two Services want one address:port: the older has it, the other is told; it takes over when the older goes.
net; node lb 31
pod web-1 5; pod api-1 6 api
vipd lb
service web 'externalIPs: [10.10.0.20]' 'ports: [{port: 80}]' | sed 's/metadata: {/&creationTimestamp: "2024-01-02T00:00:00Z", /' | apply lb - web
has lb "TCP 10.10.0.20:80" 1
service api 'externalIPs: [10.10.0.20]' 'ports: [{port: 80}]' | sed 's/app: web/app: api/; s/metadata: {/&creationTimestamp: "2024-01-03T00:00:00Z", /' | apply lb - api
until_ok 30 eval 'vipctl lb status | grep -q default/api'
contains "told" "$(vipctl lb status)" "Conflict"
contains "the older has it" "$(kernel_reals lb 'TCP 10.10.0.20:80')" "10.32.0.5:80"
unapply lb web
until_ok 30 eval 'kernel_reals lb "TCP 10.10.0.20:80" | grep -q 10.32.0.6:80'
lacks "no longer told" "$(vipctl lb status)" "Conflict"
