# shellcheck shell=bash disable=SC2034,SC2154 # what is not set or used here is lib.sh's, scripts/demo's or demo-common.sh's
# The demo of a TKGI cluster: the errand beside NCP on three control plane instances. Sourced by scripts/demo.

need ruby

# deployment SIMULATOR prints the name that TKGI gives the deployment of that cluster.
deployment() { echo "service-instance_$(cluster "$1" | sed 's/^pks-//')"; }

# upload_control_plane makes and uploads a release with jobs like those of TKGI's control plane that count here: NCP, by which
# the runtime config finds the instances, and one that leaves a kubeconfig on the VM.
upload_control_plane() {
  local folder=$dir/nsx-cf-cni
  rm -rf "$folder"
  mkdir -p "$folder/config" "$folder/jobs/ncp" "$folder/jobs/kube-controller-manager/templates"
  echo 'name: nsx-cf-cni' >"$folder/config/final.yml"
  echo '{}' >"$folder/config/blobs.yml"
  echo '{name: ncp, templates: {}, properties: {}}' >"$folder/jobs/ncp/spec"
  echo '{name: kube-controller-manager, templates: {kubeconfig.erb: config/kubeconfig}, properties: {kubeconfig: {description: ""}}}' \
    >"$folder/jobs/kube-controller-manager/spec"
  echo '<%= p("kubeconfig") %>' >"$folder/jobs/kube-controller-manager/templates/kubeconfig.erb"
  touch "$folder/jobs/ncp/monit" "$folder/jobs/kube-controller-manager/monit"
  git init --quiet "$folder"
  "$bosh" create-release --dir "$folder" --force --version 1 --tarball "$folder/release.tgz" >/dev/null
  "$bosh" upload-release "$folder/release.tgz" >/dev/null
}

# create SIMULATOR deploys the cluster as TKGI has written its manifest.
create() {
  jq -n --arg name "$(deployment "$1")" --rawfile kubeconfig "$dir/$1/kubeconfig" '{
      $name, releases: [{name: "nsx-cf-cni", version: "latest"}],
      instance_groups: [{name: "master", instances: 3, persistent_disk_type: "10GB", jobs: [
        {name: "ncp", release: "nsx-cf-cni", properties: {}},
        {name: "kube-controller-manager", release: "nsx-cf-cni", properties: {$kubeconfig}}]}]}' >"$dir/$1/cluster.yml"
  "$bosh" -d "$(deployment "$1")" deploy "$dir/$1/cluster.yml"
}

# arm SIMULATOR puts the errand on the control plane by src/manifests/runtime-config-tkgi.yml, armed, and deploys the cluster.
# What is changed beside the variables: the errand is armed, and sends as fast as the simulator answers.
arm() {
  local here=$dir/$1
  jq --rawfile spec "$here/user-spec.yaml" --arg deployment "$(deployment "$1")" --arg version "$version" '{
      release_version: $version, deployments: [$deployment], user_spec: $spec, nsx_managers: [.url | ltrimstr("https://")],
      nsx_client_certificate: .principal.certificate, nsx_client_key: .principal.key, nsx_ca_certificate: .ca,
      kubeconfig_file: "/var/vcap/jobs/kube-controller-manager/config/kubeconfig"}' "$here/ready.json" >"$here/vars.json"
  cat >"$here/arm.yml" <<'EOT'
- {type: replace, path: /addons/name=migrate-mp2p/jobs/name=migrate-mp2p/properties/migration/enabled, value: true}
- {type: replace, path: '/addons/name=migrate-mp2p/jobs/name=migrate-mp2p/properties/nsx/requests_per_second?', value: 1000}
EOT
  "$bosh" update-runtime-config --name "migrate-mp2p-$1" "$manifests/runtime-config-tkgi.yml" --vars-file "$here/vars.json" -o "$here/arm.yml"
  "$bosh" -d "$(deployment "$1")" deploy "$here/cluster.yml"
}

# nodes SIMULATOR prints how many objects of the nodes' network are Manager.
nodes() {
  local uuid
  uuid=$(cluster "$1" | sed 's/^pks-//')
  nsx "$1" "/api/v1/search/query?page_size=1000&query=tags.scope:pks%5C%2Fcluster%20AND%20tags.tag:$uuid" |
    jq -r '[.results[] | if any(.tags[]; .scope == "policyPath") then "promoted" else "manager" end]
      | "NSX answers: of the objects of the nodes'"'"' network \(map(select(. == "manager")) | length) are Manager and \(map(select(. == "promoted")) | length) promoted"'
}

# vms SIMULATOR prints the cloud ids of the VMs on which the errand runs now.
vms() { "$bosh" -d "$(deployment "$1")" vms --json | jq -r '.Tables[0].Rows[]?.vm_cid'; }

say "Two NSX Managers (simulated, without NSX's limit of 100 requests per second), each with TKGI clusters in Manager mode"
tools=$("$root/scripts/kubernetes-tools")
apiserver=$(program apiserver "$e2e" ./cmd/apiserver)
declare -A names=([tkgi-1]=pks-5a0bd4e6-1c7f-4f0e-9d53-8b7e2f6c4a10 [tkgi-2]=pks-2e8f6b90-35d1-4a7c-8e02-64c1d9a7f358)
for one in tkgi-1 tkgi-2; do
  world "$one" tkgi --cluster "${names[$one]}" --principal pks-nsx-t-superuser
  echo "$(jq -r .url "$dir/$one/nsx.json") holds the cluster $(cluster "$one"), and another one beside it"
done
table tkgi-1
nodes tkgi-1

say "Two real Kubernetes APIs"
for one in tkgi-1 tkgi-2; do kubernetes "$one"; done
for one in tkgi-1 tkgi-2; do until_answers "$one"; done

say "The release, built by the real bosh CLI"
"$root/scripts/create-release"

say "A Director on loopback (a stand-in) with real bosh-agents, and the first cluster on it as TKGI deploys it"
director
version=$(tar -xOzf "$root/dev_releases/nsx-mp2p.tgz" release.MF | sed -n 's/^version: *//p')
upload_control_plane
create tkgi-1

say "The errand comes to its three control plane instances by the runtime config"
arm tkgi-1

say "The migration: one instance acts, the others say that they do not"
errand tkgi-1 "$(deployment tkgi-1)" 0
table tkgi-1
nodes tkgi-1

say "A power failure: the control plane VM that acts is destroyed in mid-run, in the second world"
{ create tkgi-2 && arm tkgi-2; } >"$dir/tkgi-2/deploy.log"
total tkgi-2
hold_middle tkgi-2
errand tkgi-2 "$(deployment tkgi-2)" lost >"$dir/tkgi-2/lost-run.log" 2>&1 &
lost=$!
until_middle tkgi-2 "$lost" "$dir/tkgi-2/lost-run.log"
# Those that do not act end by themselves.
until [ "$(vms tkgi-2 | wc -l)" = 1 ]; do sleep 0.1; done
"$bosh" --tty -d "$(deployment tkgi-2)" delete-vm "$(vms tkgi-2)"
wait "$lost" || die "the errand went on: see $dir/tkgi-2/lost-run.log"
cat "$dir/tkgi-2/lost-run.log"
let_go tkgi-2

say "Run again, on fresh VMs with the same disks: the instance with the records rolls back (exit code 2)"
errand tkgi-2 "$(deployment tkgi-2)" 2
total tkgi-2
nodes tkgi-2

say "And once more: now it migrates (exit code 0)"
errand tkgi-2 "$(deployment tkgi-2)" 0
total tkgi-2
nodes tkgi-2

say "What the simulator's judge says of both: every object, and every value that NCP will look for, beside the workloads"
judge tkgi-1 tkgi-2
