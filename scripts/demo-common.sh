# shellcheck shell=bash disable=SC2034,SC2154 # what is not set or used here is lib.sh's, scripts/demo's or a single demo's
# What the demos of all platforms share. Sourced by scripts/demo.

manifests=$root/src/manifests
need jq
need curl
need unshare util-linux
[ "$(id -u)" = 0 ] || die "the VMs and containers of this demo mount folders: run this as root"

running=() # processes that end with the demo
worlds=()

end_all() {
  local one
  for one in "${running[@]}"; do kill "$one" 2>/dev/null || true; done
  for one in "${worlds[@]}"; do "$root/scripts/sim" stop "$dir/$one" >/dev/null 2>&1 & done
  wait
}
trap end_all EXIT

# world SIMULATOR MODEL [FLAG...] starts a simulated NSX with a model, and keeps the state in which it begins.
world() {
  worlds+=("$1")
  "$root/scripts/sim" start "$dir/$1" --model "$2" --requests-per-second 0 "${@:3}" >/dev/null
  control "$1" state --output "$dir/$1/begin"
}

# cluster SIMULATOR prints the name by which NCP tags the objects there.
cluster() { jq -r .cluster "$dir/$1/nsx.json"; }

# nsx SIMULATOR PATH asks NSX Manager itself, as any client would.
nsx() {
  local nsx=$dir/$1/nsx.json
  curl --silent --show-error --fail --cacert "$dir/$1/ca.pem" --user "$(jq -r '"\(.username):\(.password)"' "$nsx")" "$(jq -r .url "$nsx")$2"
}

# control SIMULATOR PATH [CURL OPTION...] speaks with the simulator itself.
control() {
  curl --silent --show-error --fail --cacert "$dir/$1/ca.pem" "${@:3}" "$(jq -r .url "$dir/$1/nsx.json")/_nsxsim/$2"
}

# objects SIMULATOR API prints all objects of the foundation that the Search API of Manager or Policy mode knows.
objects() {
  local query cursor='' page
  query=tags.scope:ncp%5C%2Fcluster%20AND%20tags.tag:$(jq -r .cluster "$dir/$1/nsx.json")
  while page=$(nsx "$1" "$2/search/query?page_size=1000&query=$query&cursor=$cursor") && [ "$(jq '.results | length' <<<"$page")" -gt 0 ]; do
    jq -c '.results[]' <<<"$page"
    cursor=$(jq -r '.cursor // empty' <<<"$page")
    [ -n "$cursor" ] || break
  done
}

# modes SIMULATOR prints type and mode of each NCP-created object (it carries ncp/cluster and ncp/version). A promoted
# object stays visible in the Manager API, where it carries the tag policyPath.
modes() {
  { objects "$1" /api/v1 | jq -r 'select(any(.tags[]; .scope == "ncp/version"))
      | [.resource_type, if any(.tags[]; .scope == "policyPath") then "promoted" else "manager" end] | @tsv'
    objects "$1" /policy/api/v1 | jq -r 'select(any(.tags[]; .scope == "ncp/version")) | [.resource_type, "policy"] | @tsv'; }
}

# table SIMULATOR prints the NCP-created objects by type and mode, as NSX itself answers; total prints one line of that.
table() {
  modes "$1" | sort | uniq -c | awk '
    BEGIN { printf "  %-30s %8s %9s %8s\n", "NSX answers: NCP-created", "Manager", "promoted", "Policy" }
    { n[$2, $3] = $1; types[$2] = 1 }
    END { for (t in types) printf "  %-30s %8d %9d %8d\n", t, n[t, "manager"], n[t, "promoted"], n[t, "policy"] | "sort" }'
  total "$1"
}
total() {
  modes "$1" | awk '{ n[$2]++ } END { printf "NSX answers: of the NCP-created objects %d are Manager and %d promoted; %d Policy objects are NCP'"'"'s\n",
    n["manager"], n["promoted"], n["policy"] }'
}

# The simulator holds its coordinator at the first batch of ports: that batch does not end before it is told to.
hold_middle() {
  control "$1" faults --upload-file - <<'EOT'
- {name: ports, method: POST, path: /api/v1/migration/mp-to-policy, body_type: LOGICAL_PORT}
- {name: middle, after_rule: ports, path: /api/v1/migration/plan, query: action=continue, nth: 1, change: {coordinator: hold}}
EOT
}

# until_middle SIMULATOR PROCESS LOG waits until it is there, while that process runs.
until_middle() {
  until control "$1" "coordinator?wait=1s" >/dev/null 2>&1; do
    kill -0 "$2" 2>/dev/null || die "the run ended too early: see $3"
  done
  echo "in the middle of a batch:"
  total "$1"
}

# let_go SIMULATOR lets that batch end, and waits until it has.
let_go() {
  control "$1" coordinator --data go-on
  until [ "$(control "$1" coordinator | jq -r .phase)" = idle ]; do sleep 0.05; done
  echo "NSX ends the batch that was under way, although nobody waits for it any more:"
  total "$1"
}

# judge SIMULATOR... lets the simulator's judge read the whole state of each NSX, beside that of its beginning. Where a real
# Kubernetes API serves the cluster, all values that come from there are compared, too.
judge() {
  local one flags
  for one in "$@"; do
    flags=()
    [ ! -f "$dir/$one/manifests.yaml" ] || flags=(--workloads "$dir/$one/manifests.yaml")
    control "$one" state --output "$dir/$one/end"
    "$dir/$one/nsxsim" check --load "$dir/$one/end" --before "$dir/$one/begin" --cluster "$(cluster "$one")" --ready "${flags[@]}"
    echo "of all other objects on this NSX none was changed, made or removed"
  done
}

# kubernetes SIMULATOR [FLAG...] starts a real Kubernetes API with what runs on that cluster in it; flags are those of apiserver.
kubernetes() {
  local here=$dir/$1
  rm -rf "$here/cluster" "$here/kubernetes.json"
  "$here/nsxsim" manifests --model "$platform" --cluster "$(cluster "$1")" >"$here/manifests.yaml"
  "$apiserver" serve --programs "$tools" --manifests "$here/manifests.yaml" --dir "$here/cluster" --kubeconfig "$here/kubeconfig" \
    --ready-file "$here/kubernetes.json" "${@:2}" >"$here/apiserver.log" 2>&1 &
  running+=($!)
  echo $! >"$here/apiserver.pid"
}

# until_answers SIMULATOR waits for it, and says what it holds.
until_answers() {
  local here=$dir/$1
  until [ -f "$here/kubernetes.json" ]; do
    kill -0 "$(cat "$here/apiserver.pid")" 2>/dev/null || die "the Kubernetes API did not start: see $here/apiserver.log"
    sleep 0.05
  done
  echo "$(jq -r .url "$here/kubernetes.json") is the API of cluster $(cluster "$1"): $(awk '
    /^kind: (Namespace|Service|Ingress|NetworkPolicy|Pod)$/ { n[$2]++ }
    END { printf "%d namespaces, %d services, %d ingresses, %d network policies, %d pods", n["Namespace"], n["Service"], n["Ingress"], n["NetworkPolicy"], n["Pod"] }' "$here/manifests.yaml")"
}

# director starts a stand-in for a BOSH Director on loopback, and uploads the release to it.
director() {
  bosh=$(tool bosh)
  mkdir -p "$dir/director"
  rm -f "$dir/director/env"
  "$(program director "$e2e" ./cmd/director)" --dir "$dir/director" --agent "$(tool bosh-agent)" --compiled "$cache/compiled" &
  running+=($!)
  until [ -f "$dir/director/env" ]; do
    kill -0 "${running[-1]}" || die "the Director did not start"
    sleep 0.05
  done
  # shellcheck source=/dev/null
  source "$dir/director/env"
  "$bosh" upload-release "$root/dev_releases/nsx-mp2p.tgz"
}

# errand SIMULATOR DEPLOYMENT CODE [FLAG...] runs the errand there, which must end with that code; with code lost the VM on which it acts
# must be destroyed under it. bosh turns every failure into its own status 1; the errand's own exit code is in what it prints.
errand() {
  local status=0 output=$dir/$1/errand.log
  echo "\$ bosh -d $2 run-errand migrate-mp2p"
  "$bosh" --tty -d "$2" run-errand migrate-mp2p --download-logs --logs-dir "$dir/$1" "${@:4}" 2>&1 | tee "$output" || status=$?
  case $3 in
    0) [ "$status" = 0 ] ;;
    lost) [ "$status" != 0 ] && ! grep 'exit code' "$output" | grep -vq 'NOT ACTING' ;;
    *) grep -q "exit code $3" "$output" ;;
  esac || die "the errand of $1 ended otherwise than this story tells"
}
