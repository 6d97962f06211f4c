# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
#
# Completion of khoctl(8) for bash. It knows nothing of its own: commands, options and their values are what
# `khoctl --help` and `khoctl COMMAND --help` say.

# _khoctl_values KHOCTL COMMAND: a line for each option: it, and what stands for its value
_khoctl_values() {
	local line
	while IFS= read -r line; do
		[[ $line =~ ^\ \ (-[A-Za-z],\ )?(--[a-z-]+)(\[?=[^ ]+|\ ([A-Z]|[a-z]+\|)[^ ]*)?(\ |$) ]] || continue
		echo "${BASH_REMATCH[2]} ${BASH_REMATCH[3]}"
		[[ -z ${BASH_REMATCH[1]} ]] || echo "${BASH_REMATCH[1]%, } ${BASH_REMATCH[3]}"
	done < <("$1" ${2:+"$2"} --help 2>/dev/null)
}

# _khoctl_value WORD: its value is one of several words, or a file; nothing when it is neither
_khoctl_value() {
	local form=${1#[} words
	form=${form#=} form=${form%]}
	case $form in
	FILE* | OUT | UKI | DIR) compopt -o filenames && mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
	*'|@FILE')
		[[ $cur != @* ]] || mapfile -t COMPREPLY < <(compgen -P @ -f -- "${cur#@}")
		;;
	[a-z]*)
		read -r -d '' -a words <<<"${form//[|,]/ }"
		mapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(compgen -W "${words[*]}" -- "$cur")
		;;
	esac
}

_khoctl() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} split=false option form
	local khoctl=${COMP_WORDS[0]} command=${COMP_WORDS[1]-}

	# For readline, "=" is a word.
	if [[ $cur == '=' ]]; then
		cur='' split=true
	elif [[ $prev == '=' ]]; then
		prev=${COMP_WORDS[COMP_CWORD - 2]} split=true
	fi
	if [[ $COMP_CWORD -eq 1 ]]; then
		mapfile -t COMPREPLY < <(compgen -W "--help --version $("$khoctl" --help 2>/dev/null |
			sed -n '/^Commands:/,/^$/s/^  \([a-z]*\) .*/\1/p')" -- "$cur")
		return
	fi
	while read -r option form; do
		# Without "=" in its help the value is the next word, which cannot be left out.
		[[ $option == "$prev" && -n $form ]] || continue
		[[ $split == false && $form == '['* ]] || { _khoctl_value "$form"; command=; }
	done < <(_khoctl_values "$khoctl" "$command")
	if [[ -z $command || $split != false ]]; then return; fi
	if [[ $cur == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$(_khoctl_values "$khoctl" "$command" |
			sed -n 's/^\(--[a-z-]*\) =.*/\1=/p; t; s/^\(--[a-z-]*\).*/\1/p' | sort -u)" -- "$cur")
		[[ ${COMPREPLY[*]} != *= ]] || compopt -o nospace
	else
		compopt -o filenames
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
	fi
}

complete -F _khoctl khoctl
