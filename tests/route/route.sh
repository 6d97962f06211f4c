# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
#
# route.sh - what the scripts of the firmware route share. To be sourced after lib.sh and pool.sh.

# shellcheck disable=SC2154 # kho_... are lib.sh's, logs is set by pool_run
strike=$kho_build/host/strike

# route_prepare: prepares once what all machines need
route_prepare() {
	local name
	[ -x "$strike" ] || die "$strike is not built; run 'make boot-tools' first"
	test_init >/dev/null || exit 2
	declare -gA path firmware
	find_kernels
	for name in bookworm trixie forky; do
		firmware[$name]=$("$kho_root/tests/firmware/fetch" "$name") || firmware[$name]=''
	done
	# For tests that work with any firmware: the one that boots in half the time, if available.
	firmware[quick]=${firmware[trixie]:-${firmware[bookworm]}}
}

# code FIRMWARE: code image of, for instance, forky or trixie.secboot; empty if it is not available
code() {
	local dir=${firmware[${1%%.*}]} build=''
	[[ $1 != *.* ]] || build=.${1#*.}
	[ -z "$dir" ] || echo "$dir/OVMF_CODE_4M$build.fd"
}

# bytes SIZE: SIZE of guest RAM, like 512M or 2G, in bytes
bytes() {
	case $1 in
	*G) echo $((${1%G} << 30)) ;;
	*M) echo $((${1%M} << 20)) ;;
	esac
}

# route NAME KERNEL FIRMWARE COMMAND...: COMMAND with the options of handover that name these two
route() {
	local name=$1 kernel=${path[$2]} code
	code=$(code "$3")
	[[ $name =~ ${only:-.} ]] || return 0
	if [ "${list:-0}" -eq 1 ]; then echo "$name"; return; fi
	if [ -z "$kernel" ]; then ktap_skip "$name" "no kernel"; return; fi
	if [ ! -r "$code" ]; then ktap_skip "$name" "no firmware of $3"; return; fi
	shift 3
	pool_run "$name" "$@" --via firmware --from "$kernel" --to "$kernel" --firmware "$code"
}

handed() { "$kho_root/ovmf-scripts/handover" --logs "$logs" "$@"; }

# evacuated OPTION...: the same, and some pages had to be evacuated
evacuated() {
	handed "$@" && grep -aE '^khoboot: route: .* [1-9][0-9]* bytes evacuated' "$logs/serial.log"
}

# The tiles that khoboot names as damaged, one number a line. It names adjacent tiles as one range; a range
# is cut to what is preserved in it.
reported_tiles() {
	local start end
	while read -r start end; do
		seq $((start / tile)) $(((end - 1) / tile))
	done < <(tr -d '\r\0' <"$logs/serial.log" |
		sed -nE 's/^khoboot: route: damaged: (0x[0-9a-f]+)-(0x[0-9a-f]+),.*/\1 \2/p')
}

# by_all N OPTION...: the same, and N CPUs made the digests at both doors
by_all() {
	local n=$1
	handed "${@:2}" && called "$n" 2
}

# called N TIMES: N of N CPUs made digests, so many times
called() { [ "$(grep -ac "^khoboot: route: digests by $1 of $1 CPUs" "$logs/serial.log")" -eq "$2" ]; }

# damage_reported: does khoboot name exactly the damaged tiles?
damage_reported() {
	local tile
	tile=$(sed -nE 's/.* tiles of ([0-9]*) bytes.*/\1/p' "$logs/report")
	[ -n "$tile" ] || { echo "there was no record to damage"; return 1; }
	sed -nE 's/^damaged (0x[0-9a-f]*).*/\1/p' "$logs/report" |
		while read -r at; do echo $((at / tile)); done | sort -un >"$logs/damaged"
	reported_tiles | sort -un >"$logs/reported"
	diff "$logs/damaged" "$logs/reported"
}

# struck MEM WHAT COUNT SEED OPTION...: something is damaged while firmware runs
struck() {
	local mem=$1 what=$2 count=$3 seed=$4
	shift 4
	handed --mem "$mem" "$@" \
		--wrap "$strike --mem $(bytes "$mem") --damage $what --count $count --seed $seed --report $logs/report --"
}

damaged() {
	struck "$@" || return 1
	damage_reported
}

# lost_noticed: khoboot halted because of the map or the data; the code depends on where firmware, or the
# test, has written
lost_noticed() {
	! grep -aq 'khotest: side=in' "$logs/serial.log" &&
		grep -aE '^khoboot: stop: KB-(1[0-9]{2}|72[234]): halted' "$logs/serial.log"
}

# map_refused MEM SEED OPTION...: a bit of the map changes
map_refused() {
	struck "$1" map 1 "$2" --expect refused:KB-722 "${@:3}"
	lost_noticed
}

# killed MEM TEXTS MS fresh|same OPTION...: the machine dies, and is started again
killed() {
	local mem=$1 texts=$2 ms=$3 fresh=''
	[ "$4" = same ] || fresh=--fresh
	shift 4
	handed --mem "$mem" --expect safe --passes 5 --timeout 240 "$@" \
		--wrap "$strike --mem $(bytes "$mem") --kill $texts --after $ms $fresh --report $logs/report --" &&
		cat "$logs/report"
}
