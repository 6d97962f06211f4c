# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
#
# pool.sh - runs boot tests side by side, one KTAP line for each. To be sourced after lib.sh.
#
# Environment: KHO_JOBS     machines at a time (default: one for each processor)
#              KHO_KERNELS  names of the test kernels to use (default: all)

# shellcheck disable=SC2154 # kho_root and ktap_... are lib.sh's
pool_jobs=${KHO_JOBS:-$(nproc)}
pool_dir=$kho_build/logs/$(basename "$(dirname "$(readlink -f "$0")")")-${0##*/}
[ "$kho_arch" = x86_64 ] || pool_dir=${pool_dir%-"$kho_arch"}-$kho_arch
rm -rf "$pool_dir"
mkdir -p "$pool_dir"
pool_running=0
declare -A pool_name pool_log pool_start

# shellcheck disable=SC2317 # called by trap
pool_clean() {
	local pid
	for pid in "${!pool_name[@]}"; do kill -- "-$pid" 2>/dev/null; done
	[ "$ktap_failed" -eq 0 ] || echo "# logs are kept in $pool_dir"
}
trap pool_clean EXIT

# pool_points FILE: the lines of a test that has several points, "ok NAME" or "not ok NAME"
pool_points() {
	local line
	while read -r line; do
		case $line in
		'ok '*) ktap_pass "${line#ok }" ;;
		*) ktap_fail "${line#not ok }" ;;
		esac
	done <"$1"
}

# pool_reap: waits for one test and prints its line, or the lines it left in the file points; if it failed,
# its output follows
pool_reap() {
	local pid status=0 name seconds dir
	wait -n -p pid || status=$?
	[ -n "${pid:-}" ] || return
	pool_running=$((pool_running - 1))
	name=${pool_name[$pid]}
	seconds=$((EPOCHSECONDS - pool_start[$pid]))
	dir=${pool_log[$pid]%/*}
	[ ! -s "$dir/points" ] || pool_points "$dir/points"
	case $status in
	0)
		[ -s "$dir/points" ] || ktap_pass "$name # $seconds s"
		# Logs stay, images do not.
		find "$dir" -type f -size +1M -delete
		;;
	4) ktap_skip "$name" "$(tail -n 1 "${pool_log[$pid]}")" ;;
	*)
		ktap_fail "$name # $seconds s"
		ktap_diag <"${pool_log[$pid]}"
		;;
	esac
	unset "pool_name[$pid]"
}

# pool_run NAME COMMAND...: starts a test as soon as there is room. It gets a directory of its own, $logs,
# and passes with status 0; status 4 means skipped, and its last line says why. A test that consists of
# several leaves their lines in $logs/points.
pool_run() {
	local name=$1 logs=$pool_dir/${1//[^a-zA-Z0-9.+-]/_}
	shift
	while [ "$pool_running" -ge "$pool_jobs" ]; do pool_reap; done
	mkdir -p "$logs"
	# A process group of its own, so that an early end stops the machine, too.
	set -m
	logs=$logs "$@" >"$logs/ktap" 2>&1 &
	set +m
	pool_name[$!]=$name pool_log[$!]=$logs/ktap pool_start[$!]=$EPOCHSECONDS
	pool_running=$((pool_running + 1))
}

# pool_end WHAT: waits for all, prints the plan and the last line; returns 0 when none failed
pool_end() {
	while [ "$pool_running" -gt 0 ]; do pool_reap; done
	echo "1..$ktap_n"
	echo "$1: $ktap_passed passed, $ktap_failed failed, $ktap_skipped skipped"
	[ "$ktap_failed" -eq 0 ]
}

# kernel NAME: path of a test kernel, built if it is not cached; empty if it is not available
kernel() {
	case " ${KHO_KERNELS:-$1} " in
	*" $1 "*) "$kho_root/tests/kernels/build" "$1" "$kho_arch" || true ;;
	esac
}

# kernel_names: those of $kho_arch that every run has
kernel_names() {
	echo kho-v1 kho-v3 kho-v4
	[ "$kho_arch" = x86_64 ] || echo kho-v4-16k kho-v4-64k
}

# find_kernels: path[NAME] of each of them; see kernel()
find_kernels() {
	local name
	for name in $(kernel_names); do path[$name]=$(kernel "$name"); done
}

# named NAME: does KHO_KERNELS ask for it? For kernels that are not worth building in every run.
named() {
	case " ${KHO_KERNELS:-} " in
	*" $1 "*) ;;
	*) return 1 ;;
	esac
}
