#!/bin/bash
# Ends the processes that Ray leaves on a worker whose head is gone (Ray 2.60). With MINUTES the machine powers
# off, too; without a head nothing else would stop it, and it would be billed for ever.
#   watch_head.sh [MINUTES]    in the background, after `ray start`
# A raylet ends when it cannot reach its head for a minute. The next `ray start` cancels a shutdown.
set -u

minutes=${1:-}
user=$(id -u)

is_back() {
    pgrep -xu "$user" raylet >/dev/null || pgrep -fu "$user" '[b]in/ray start' >/dev/null
}

[ -z "$minutes" ] || sudo -n shutdown -c
raylet=$(pgrep -xnu "$user" raylet) && tail --pid="$raylet" -f /dev/null
sleep "${WATCH_HEAD_PAUSE_S:-20}"
is_back && exit 0
~/.venv/bin/ray stop
[ -z "$minutes" ] || sudo -n shutdown -P "+$minutes"
