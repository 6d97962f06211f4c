#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# complete.bash COMPLETION LINE - what bash offers at the end of LINE, a line each
#
# LINE has no quotes. The words are those that readline makes of it.
set -u
completion=$1 line=$2
# shellcheck source=/dev/null
. "$completion"
# It is for completion functions under way, which this is not.
compopt() { :; }
COMP_LINE=$line COMP_POINT=${#line} COMP_TYPE=9 COMP_KEY=9
spaced=${line//=/ = }
read -ra COMP_WORDS <<<"$spaced"
[[ $line != *' ' ]] || COMP_WORDS+=('')
[[ $line != *= ]] || COMP_WORDS+=('')
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
COMPREPLY=()
_khoctl "${COMP_WORDS[0]}" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
printf '%s\n' "${COMPREPLY[@]}" | grep . | sort
