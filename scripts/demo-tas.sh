# shellcheck shell=bash disable=SC2154 # what is not set here is lib.sh's, scripts/demo's or demo-common.sh's
# The demo of a TAS foundation: the errand on a VM of its own. Sourced by scripts/demo.

need ruby

# deploy SIMULATOR OPS... deploys the errand of that foundation from src/manifests.
deploy() {
  local name=$1 ops=()
  shift
  for op in "$@"; do ops+=(-o "$manifests/operations/$op.yml"); done
  jq --rawfile ca "$dir/$name/ca.pem" --rawfile spec "$dir/$name/user-spec.yaml" --arg name "$name" '{
      deployment_name: $name, network: "default", vm_type: "default", cluster, user_spec: $spec,
      nsx_managers: [.url | ltrimstr("https://")], nsx_username: .username, nsx_password: .password, nsx_ca_certificate: $ca, nsx_requests_per_second: 1000}' \
    "$dir/$name/nsx.json" >"$dir/$name/vars.json"
  "$bosh" -d "$name" deploy "$manifests/migrate-mp2p.yml" --vars-file "$dir/$name/vars.json" "${ops[@]}"
}

say "Two NSX Managers (simulated, without NSX's limit of 100 requests per second), each with a TAS foundation in Manager mode"
for foundation in pas-1 pas-2; do
  world "$foundation" tas --cluster "$foundation"
  echo "$(jq -r .url "$dir/$foundation/nsx.json") holds the foundation $foundation"
done
table pas-1

say "The release, built by the real bosh CLI"
"$root/scripts/create-release"

say "A Director on loopback (a stand-in) with real bosh-agents"
director
deploy pas-1 arm pace

say "The migration: shared resources first, then what NCP created, each through its four phases"
errand pas-1 pas-1 0
table pas-1
tar -C "$dir/pas-1" -xzf "$(find "$dir/pas-1" -name 'migrate-mp2p-*.tgz' | sort | tail -n 1)"
echo "log, plan and report, brought home by --download-logs: $dir/pas-1/migrate-mp2p"
ls "$dir/pas-1/migrate-mp2p"
echo "records of the finished runs, on the persistent disk: $dir/director/disks/pas-1/migrate-mp2p/0/migrate-mp2p/runs"
ls "$dir/director/disks/pas-1/migrate-mp2p/0/migrate-mp2p/runs"

say "A power failure: the VM of the second foundation's errand is destroyed in mid-run"
deploy pas-2 arm pace >"$dir/pas-2/deploy.log"
total pas-2
hold_middle pas-2
errand pas-2 pas-2 lost >"$dir/pas-2/lost-run.log" 2>&1 &
lost=$!
until_middle pas-2 "$lost" "$dir/pas-2/lost-run.log"
"$bosh" --tty -d pas-2 delete-vm "$("$bosh" -d pas-2 vms --json | jq -r '.Tables[0].Rows[0].vm_cid')"
wait "$lost" || die "the errand went on: see $dir/pas-2/lost-run.log"
cat "$dir/pas-2/lost-run.log"
let_go pas-2

say "Run again, on a fresh VM with the same disk: it rolls back by its records (exit code 2)"
errand pas-2 pas-2 2
total pas-2

say "And once more: now it migrates (exit code 0)"
errand pas-2 pas-2 0
total pas-2

say "What the simulator's judge says of both, reading the whole state of each NSX"
judge pas-1 pas-2
