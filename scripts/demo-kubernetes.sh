# shellcheck shell=bash disable=SC2034,SC2154 # what is not set or used here is lib.sh's, scripts/demo's or demo-common.sh's
# The demo of a Kubernetes cluster: the Job nsx-ncp-migrate-mp2p. Sourced by scripts/demo.

job=nsx-ncp-migrate-mp2p
image=registry.example.com/migrate-mp2p:0.1.0 # as the example has it

# on SIMULATOR ARGUMENT... is kubectl on that cluster.
on() { "$tools/kubectl" --kubeconfig "$dir/$1/kubeconfig" "${@:2}"; }

# step SIMULATOR STEP [FOLDER] is a step of the procedure.
step() {
  echo "\$ sh migrate.sh ${*:2}"
  (cd "$dir/$1/kubernetes" && KUBECTL="$tools/kubectl --kubeconfig $dir/$1/kubeconfig" sh migrate.sh "${@:2}")
}

# job SIMULATOR CODE runs a new Job, which must end with that exit code.
job() {
  local status=0
  step "$1" run example || status=$?
  [ "$status" = "$2" ] || die "the Job of $1 ended in $status: this story tells otherwise"
}

# set_config SIMULATOR FILTER changes config.json as an operator does, before the Job is run the next time.
set_config() {
  local file=$dir/$1/kubernetes/example/config.json
  jq "$2" "$file" >"$file.new" && mv "$file.new" "$file"
}

# prepare SIMULATOR makes what an administrator has in such a cluster: NCP, its certificate and its configuration. NCP is but
# a Deployment here, since there is no node for its pods.
prepare() {
  local here=$dir/$1 name
  for name in crt:.principal.certificate key:.principal.key ca:.ca; do
    (umask 077 && jq -r "${name#*:}" "$here/ready.json" >"$here/tls.${name%%:*}")
  done
  on "$1" create namespace nsx-system
  on "$1" --namespace nsx-system create secret generic nsx-secret --from-file="$here/tls.crt" --from-file="$here/tls.key" --from-file="$here/tls.ca"
  {
    echo "[nsx_v3]"
    echo "policy_nsxapi = False"
    jq -r '.shared | group_by(.list)[] | {tier0_routers: "top_tier_router", ip_blocks: "container_ip_blocks", ip_pools: "external_ip_pools"}[.[0].list] as $key
      | select($key) | "\($key) = \(map(.id) | join(","))"' "$here/ready.json"
  } >"$here/ncp.ini"
  on "$1" --namespace nsx-system create configmap nsx-ncp-config --from-file="$here/ncp.ini"
  on "$1" --namespace nsx-system create deployment nsx-ncp --image=registry.example.com/nsx-ncp
  on "$1" create --filename=- <<EOT
{apiVersion: v1, kind: PersistentVolume, metadata: {name: records}, spec: {
  capacity: {storage: 5Gi}, accessModes: [ReadWriteOnce], persistentVolumeReclaimPolicy: Delete,
  hostPath: {path: $here/cluster/node/claims/nsx-system/$job}}}
EOT
}

# fill_in SIMULATOR copies src/kubernetes and fills in its example: the NSX, the cluster's name, the shared resources, and the
# volume, since nothing provides one here.
fill_in() {
  local here=$dir/$1
  rm -rf "$here/kubernetes"
  cp -r "$root/src/kubernetes" "$here/kubernetes"
  cp "$here/user-spec.yaml" "$here/kubernetes/example/user-spec.yaml"
  set_config "$1" "$(jq -c '".ncp.cluster = \(.cluster | tojson) | .nsx.managers = [\(.url | ltrimstr("https://") | tojson)]"' -r "$here/nsx.json") | .nsx.requests_per_second = 1000"
  cat >>"$here/kubernetes/example/kustomization.yaml" <<EOT
patches:
  - target: {kind: PersistentVolumeClaim}
    patch: '- {op: add, path: /spec/volumeName, value: records}'
EOT
}

say "Two NSX Managers (simulated, without NSX's limit of 100 requests per second), each with a Kubernetes cluster in Manager mode"
tools=$("$root/scripts/kubernetes-tools")
apiserver=$(program apiserver "$e2e" ./cmd/apiserver)
for one in k8s-1 k8s-2; do
  world "$one" kubernetes --cluster "$one" --principal "$one-ncp-of-the-demo"
  echo "$(jq -r .url "$dir/$one/nsx.json") holds what NCP made for the cluster $one"
done
table k8s-1

say "The image: the program alone, linked statically"
CGO_ENABLED=0 go -C "$product" build -trimpath -ldflags "-s -w" -o "$dir/migrate-mp2p" ./cmd/migrate-mp2p
echo "$image: $(du -h "$dir/migrate-mp2p" | cut -f1)"

say "Two real Kubernetes APIs with the real job controller; a stand-in for the kubelet runs the Job's pods"
for one in k8s-1 k8s-2; do kubernetes "$one" --controllers --image "$image=$dir/migrate-mp2p"; done
for one in k8s-1 k8s-2; do until_answers "$one"; done
echo "in k8s-1, NCP and what it was given:"
prepare k8s-1
fill_in k8s-1

say "NCP is stopped"
step k8s-1 stop

say "A plan first: it cannot write to NSX"
job k8s-1 0
total k8s-1

say "The migration: shared resources first, then what NCP created, each through its four phases"
set_config k8s-1 '.migration.enabled = true | .migration.command = "run"'
job k8s-1 0
table k8s-1
claim=$dir/k8s-1/cluster/node/claims/nsx-system/$job
echo "log, plan, report and the records of finished runs, on the volume of the claim: $claim"
ls "$claim" "$claim/records/runs"

say "What to change before NCP is started in Policy mode"
step k8s-1 settings

say "The pod of the second cluster's Job is killed in mid-run"
{
  prepare k8s-2
  fill_in k8s-2
  set_config k8s-2 '.migration.enabled = true | .migration.command = "run"'
  step k8s-2 stop
} >"$dir/k8s-2/prepare.log"
total k8s-2
hold_middle k8s-2
step k8s-2 run example >"$dir/k8s-2/killed-run.log" 2>&1 &
killed=$!
until_middle k8s-2 "$killed" "$dir/k8s-2/killed-run.log"
# The process that has its root folder on this cluster's node.
for process in /proc/[0-9]*; do
  [[ $(readlink "$process/root" 2>/dev/null) != "$dir/k8s-2/"* ]] || pid=${process#/proc/}
done
[ -n "${pid:-}" ] || die "no process of the Job's pod was found"
echo "kill -KILL $pid"
kill -KILL "$pid"
wait "$killed" && die "the Job ended well although its pod was killed: see $dir/k8s-2/killed-run.log"
cat "$dir/k8s-2/killed-run.log"
let_go k8s-2

say "Run again, a new Job on the same volume: it rolls back by its records (exit code 2)"
job k8s-2 2
total k8s-2

say "And once more: now it migrates (exit code 0)"
job k8s-2 0
total k8s-2

say "What the simulator's judge says of both: every object, and every value that NCP will look for, beside the workloads"
judge k8s-1 k8s-2
