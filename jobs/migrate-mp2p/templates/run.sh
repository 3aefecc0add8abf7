#!/usr/bin/env bash
# The errand: hands over to the program, which reads everything else from its configuration.
#
# 1. The program replaces this shell, so that BOSH's cancel (SIGTERM) and the exit code pass straight through.
# 2. Exit codes 0, 1 and 2 tell the state of NSX, so a start that fails here must end in 3: nothing was looked at.
set -u
shopt -s execfail

exec /var/vcap/packages/migrate-mp2p/bin/migrate-mp2p run --config /var/vcap/jobs/migrate-mp2p/config/config.json

echo "The program could not be started, so nothing was looked at and nothing was changed (exit code 3)."
echo "Next: deploy again, so that BOSH installs package migrate-mp2p anew, then run the errand again."
exit 3
