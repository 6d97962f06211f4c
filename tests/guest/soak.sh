# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
#
# soak.sh - guests that live through random handovers. To be sourced by tests/route/soak, after route.sh.
#
# In each run the guest is right in B, or khoctl refuses in A, where the guest goes on. Which of the two it has
# to be is known before: a refusal that nobody expected is a failure.

# shellcheck disable=SC2154 # kho_... are lib.sh's, picked is pick's, path and firmware are route.sh's

# Test kernels that have KVM and live update, and what they preserve the guest in.
guest_names=(kho-6.19 kho-v3 kho-7.2 kho-v4)
declare -A guest_path guest_format=([kho-6.19]=v1 [kho-v3]=v3 [kho-7.2]=v4 [kho-v4]=v4)

# guest_prepare: finds those kernels that are cached; KHO_KERNELS may name fewer
guest_prepare() {
	local name names=()
	for name in "${guest_names[@]}"; do
		case " ${KHO_KERNELS:-$name} " in
		*" $name "*) ;;
		*) continue ;;
		esac
		guest_path[$name]=$("$kho_root/tests/kernels/build" --cached "$name" x86_64) || continue
		names+=("$name")
	done
	guest_names=("${names[@]}")
	echo "# kernels that run guests: ${guest_names[*]:-none}"
}

# guest_refusal: what khoctl must say to this handover, if it is to refuse it
guest_refusal() {
	case ${guest_format[$from]},${guest_format[$to]} in
	v1,v1 | v3,v3 | v4,v4) ;;
	*) echo KB-330 ;;
	esac
}

# no_huge: why a guest in huge pages cannot go this way
no_huge() {
	[ "$from" != kho-6.19 ] || echo "6.19 preserves no huge pages"
	[ "$to" != kho-6.19 ] || echo "6.19 takes no huge pages back"
}

# random_way: picks the kernels and the route. Through a reset the guest's memory is either kept out of the zone of
# firmware, or there is room to evacuate it to.
random_way() {
	pick "${guest_names[@]}"; from=$picked
	pick "${guest_names[@]}"; to=$picked
	pick direct direct firmware; via=$picked
	layout=(--via "$via" --timeout 400)
	if [ "$via" = firmware ]; then
		pick bookworm trixie trixie.secboot forky forky.secboot.strictnx; firmware_name=$picked
		pick "--fence" "--scratch 64M,256M,0M" "--scratch 128M,320M,0M"
		# shellcheck disable=SC2206 # one word or two
		layout+=($picked)
	else
		pick kernel uefi
		layout+=(--door "$picked")
	fi
}

# random_guest: picks the guest and its host, which has three times the guest's memory and more
random_guest() {
	local mib=$((RANDOM % 497 + 16)) cpus=$((RANDOM % 4 + 1)) host=1G
	[ $mib -le 192 ] || host=2G
	[ "$via$host" != firmware1G ] || host=2G
	[ "$via" != firmware ] || [ $mib -le 384 ] || host=3G
	huge=''
	pick no no yes
	[ "$picked" = no ] || huge=,huge mib=$((mib & ~1))
	layout+=(--guest "$mib,$cpus$huge" --mem "$host")
	pick 1 2; layout+=(--smp "$picked")
	pick '' '' nokaslr
	[ -z "$picked" ] || layout+=(--append-from "$picked")
}

# guest_run NUMBER: one handover. Every tenth is one that khoctl must refuse, because it may not translate, if
# there is something to translate.
guest_run() {
	local from to via firmware_name='' huge layout name refusal=''
	random_way
	random_guest
	[ $(($1 % 10)) -ne 0 ] || refusal=$(guest_refusal)
	[ -z "$refusal" ] || layout+=(--options khoboot.bridge=off --expect "khoctl:$refusal")
	name="guest $1: $from to $to, ${firmware_name:+$firmware_name, }${layout[*]}"
	if [ -n "$huge" ] && [ -n "$(no_huge)" ]; then ktap_skip "$name" "$(no_huge | head -n 1)"; return; fi
	if [ "$via" = firmware ] && [ ! -r "$(code "$firmware_name")" ]; then ktap_skip "$name" "no firmware of $firmware_name"; return; fi
	[ "$via" != firmware ] || layout+=(--firmware "$(code "$firmware_name")")
	pool_run "$name" handed --from "${guest_path[$from]}" --to "${guest_path[$to]}" "${layout[@]}"
}

# guest_runs COUNT
guest_runs() {
	local i
	[ "$1" -gt 0 ] || return 0
	guest_prepare
	[ ${#guest_names[@]} -gt 0 ] || { ktap_skip "$1 guests" "no kernel that runs guests is cached"; return; }
	for ((i = 1; i <= $1; i++)); do guest_run $i; done
}
