#!/bin/sh
# The steps around the Job nsx-ncp-migrate-mp2p, one command each. Every one can be repeated, and none starts NCP.
#   sh migrate.sh stop        stop NCP and wait until no pod of it is left
#   sh migrate.sh run FOLDER  replace the Job by a new one from FOLDER (kubectl apply -k), follow it, end with its exit code
#   sh migrate.sh show        what the Job's pods said, and how they ended
#   sh migrate.sh settings    what to change in NCP's ConfigMap before NCP is started in Policy mode
# KUBECTL is the kubectl to use, with its flags, such as KUBECTL="kubectl --context prod".
set -eu

kubectl=${KUBECTL:-kubectl}
namespace=nsx-system
job=nsx-ncp-migrate-mp2p
ncp=nsx-ncp
patience=${PATIENCE:-900} # seconds that a pod may take to start, or NCP's pods to go
interval=${INTERVAL:-2}   # seconds between two looks

# The exit code is that of the newest pod where a step tells how it ended, and 3 after any failure of the script's own: 1 and 2
# say something about NSX that kubectl does not know.
code=3
trap '[ $? = 0 ] || exit "$code"' EXIT
die() { printf 'migrate.sh: %s\n' "$*" >&2; exit 3; }

# k runs kubectl in NCP's namespace. KUBECTL may hold flags, so it is not quoted.
k() { $kubectl --namespace "$namespace" "$@"; }

# field KIND NAME JSONPATH prints one field, or nothing where the object does not exist.
field() { k get "$1" "$2" --ignore-not-found --output "jsonpath=$3"; }

# until_true WHAT COMMAND... repeats the command until it succeeds, for as long as patience lasts.
until_true() {
  what=$1 last=$(($(date +%s) + patience)) told=
  shift
  while ! "$@"; do
    [ "$(date +%s)" -lt "$last" ] || die "after $patience seconds still waiting for $what"
    [ -n "$told" ] || echo "waiting for $what"
    told=yes
    sleep "$interval"
  done
}

# stopped says whether no pod that its Deployment would count as NCP is left; one that is ending may still write to NSX.
stopped() {
  left=$(k get pods --selector "$selector" --field-selector 'status.phase!=Failed,status.phase!=Succeeded' --output name) && [ -z "$left" ]
}

# operator prints namespace and name of the NCP operator's NcpInstall, a line, if there is one. The operator makes the Deployment anew
# whenever somebody scales it, so it has to be told itself.
operator() {
  kinds=$($kubectl api-resources --api-group operator.nsx.vmware.com --output name) || die "the kinds that the API has cannot be listed"
  case $kinds in *ncpinstalls*) ;; *) return 0 ;; esac
  $kubectl get ncpinstalls.operator.nsx.vmware.com --all-namespaces \
    --output 'jsonpath={range .items[*]}{.metadata.namespace} {.metadata.name}{"\n"}{end}' || die "the NCP operator's NcpInstall cannot be read"
}

stop() {
  # shellcheck disable=SC2016 # the variables are those of kubectl's template
  selector=$(k get deployment "$ncp" --ignore-not-found --output 'go-template={{range $key, $value := .spec.selector.matchLabels}}{{$key}}={{$value}},{{end}}')
  selector=${selector%,}
  [ -n "$selector" ] || die "there is no Deployment $namespace/$ncp: is this the cluster whose NCP is to be stopped?"
  echo "the Deployment $namespace/$ncp had $(field deployment "$ncp" '{.spec.replicas}') replicas: note it for the day when NCP is started again"
  install=$(operator)
  if [ -n "$install" ]; then
    printf '%s\n' "$install" | while read -r where name; do
      echo "the NCP operator is here: setting ncpReplicas to 0 in its NcpInstall $where/$name"
      $kubectl --namespace "$where" patch ncpinstalls.operator.nsx.vmware.com "$name" --type merge --patch '{"spec":{"ncpReplicas":0}}'
    done
  else
    k scale deployment "$ncp" --replicas=0
  fi
  until_true "NCP's pods to end" stopped
  echo "NCP is stopped in this cluster. Stop it in every other cluster on this NSX, too, unless you migrate one by one."
}

pods() { k get pods --selector "job-name=$job" --sort-by .metadata.creationTimestamp --output "jsonpath=$1"; }

# finished says whether the Job has come to its end. Between two pods of it none may be there, so they are not asked.
finished() {
  case $(field job "$job" '{.status.conditions[?(@.status=="True")].type}') in *Complete* | *Failed*) return 0 ;; esac
  return 1
}

running() { [ -n "$(field job "$job" '{.metadata.name}')" ] && ! finished; }

# started POD says whether a pod runs or has run. A pod that is gone is not waited for.
started() {
  case $(field pod "$1" '{.status.phase}') in Pending) return 1 ;; esac
  return 0
}

any_pod() { finished || [ -n "$(pods '{.items[*].metadata.name}')" ]; }

# keep makes sure that the volume outlives its claim: the records on it are the only way back.
keep() {
  volume=$(field persistentvolumeclaim "$job" '{.spec.volumeName}')
  if [ -z "$volume" ]; then
    echo "the claim $job is not bound yet: see to it that its volume gets the reclaim policy Retain"
  elif [ "$($kubectl get persistentvolume "$volume" --output 'jsonpath={.spec.persistentVolumeReclaimPolicy}')" != Retain ]; then
    $kubectl patch persistentvolume "$volume" --patch '{"spec":{"persistentVolumeReclaimPolicy":"Retain"}}'
  fi
}

run() {
  [ -f "$1/kustomization.yaml" ] || die "$1 holds no kustomization.yaml: copy the folder example and fill it in"
  ! running || die "a pod of the Job $job still runs: see sh migrate.sh show, and let it end"
  k delete job "$job" --ignore-not-found --cascade=foreground --wait=true
  $kubectl apply --kustomize "$1"
  until_true "the Job's pod to be made" any_pod
  followed=
  until finished; do
    follow
    sleep "$interval"
  done
  follow # those that had ended before they were looked at
  result
}

# follow shows the log of each pod of the Job that it has not shown, to its end.
follow() {
  for pod in $(pods '{.items[*].metadata.name}'); do
    case " $followed " in *" $pod "*) continue ;; esac
    followed="$followed $pod"
    until_true "pod $pod to start (kubectl -n $namespace describe pod $pod says more)" started "$pod"
    keep
    echo "== $pod"
    k logs --follow "$pod" || echo "its log could not be followed to its end: see sh migrate.sh show"
  done
}

# result tells how the newest pod ended, and ends with its exit code.
result() {
  ended=$(pods '{.items[-1:].status.containerStatuses[0].state.terminated.exitCode}')
  [ -n "$ended" ] || die "the exit code of the newest pod is not known: kubectl -n $namespace describe job $job says more; run again, the records are whole"
  echo "the Job's newest pod ended with exit code $ended"
  case $ended in
    0 | 1 | 2 | 3 | 143) ;; # its last line says what they mean
    *) echo "that is no word of migrate-mp2p: its run was broken off, and its records are whole; start NCP in neither mode, and run again" ;;
  esac
  code=$ended
  exit "$code"
}

show() {
  [ -n "$(field job "$job" '{.metadata.name}')" ] || die "there is no Job $namespace/$job"
  for pod in $(pods '{.items[*].metadata.name}'); do
    echo "== $pod"
    k logs "$pod" || echo "its log is gone"
  done
  if running; then
    echo "a pod of the Job still runs"
  else
    result
  fi
}

settings() {
  [ -n "$(field configmap nsx-ncp-config '{.metadata.name}')" ] || die "there is no ConfigMap $namespace/nsx-ncp-config"
  echo "In the ConfigMap $namespace/nsx-ncp-config, section [nsx_v3] of ncp.ini, before NCP is started:"
  echo "  policy_nsxapi = True"
  echo "and the Policy ids of these, where they are set now:"
  field configmap nsx-ncp-config '{.data.ncp\.ini}' | grep -E \
    '^[[:space:]]*(top_tier_router|tier0_router|overlay_tz|container_ip_blocks|no_snat_ip_blocks|external_ip_pools|external_ip_pools_lb|edge_cluster|lb_service|lb_vs_ip_set|client_ssl_profile|top_firewall_section_marker|bottom_firewall_section_marker|election_profile)[[:space:]]*=' || echo "  none of them is set"
  echo "The Policy ids as the migration has made them (transport zones and edge clusters keep their ids):"
  for pod in $(pods '{.items[*].metadata.name}'); do
    k logs "$pod" 2>/dev/null | grep -E ' is now /infra/' || true
  done
  echo "Where NCP's operator is, change its ConfigMap instead of NCP's, since it makes the latter from its own."
  echo "Nothing was changed. Start NCP when all clusters on this NSX are migrated, or one by one if that is your strategy."
}

case ${1:-} in
  stop | show | settings) [ $# = 1 ] || die "$1 takes no arguments"; "$1" ;;
  run) [ $# = 2 ] || die "run needs the folder with your kustomization.yaml"; run "$2" ;;
  *) sed -n '2,/^set -eu/p' "$0" | sed -n 's/^# \{0,1\}//p'; [ $# = 0 ] || exit 3 ;;
esac
