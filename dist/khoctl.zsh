#compdef khoctl
# SPDX-License-Identifier: BSD-2-Clause
#
# Completion of khoctl(8) for zsh. It knows nothing of its own: commands, options and their values are what
# `khoctl --help` and `khoctl COMMAND --help` say.

# _khoctl_action FORM: sets reply to what completes a value that stands as FORM in the help
_khoctl_action() {
	local form=${${${${1# }#\[}#=}%\]}
	case $form in
	FILE*|OUT|UKI|DIR) reply=_files ;;
	*'|@FILE') reply='{ compset -P @ && _files }' ;;
	[a-z]*) reply="(${form//[|,]/ })" ;;
	*) reply=' ' ;;
	esac
}

# _khoctl_specs KHOCTL COMMAND: sets specs to what _arguments wants to know of its options
_khoctl_specs() {
	local line text reply form key
	local -A forms texts
	for line in ${(f)"$(_call_program options $1 $2 --help 2>/dev/null)"}; do
		[[ $line =~ '^  (-[A-Za-z], )?(--[a-z-]+)(\[?=[^ ]+| ([A-Z]|[a-z]+\|)[^ ]*)?( +(.*))?$' ]] || continue
		form=${match[3]} text=${${match[6]//\[/(}//\]/)}
		for key in ${match[2]} ${match[1]%, }; do
			# One that several lines explain, with a value each.
			forms[$key]=${forms[$key]:+${forms[$key]}|}${forms[$key]:+${form#=}}
			[[ -n ${forms[$key]} ]] || forms[$key]=$form
			[[ -n ${texts[$key]} ]] || texts[$key]=$text
		done
	done
	specs=()
	for key in ${(k)forms}; do
		form=${forms[$key]}
		_khoctl_action "$form"
		case $form in
		'') specs+=("*${key}[${texts[$key]//:/\\:}]") ;;
		\[*) specs+=("*${key}=-[${texts[$key]//:/\\:}]::value:$reply") ;;
		*) specs+=("*${key}${${key:#-?}:+=}[${texts[$key]//:/\\:}]:value:$reply") ;;
		esac
	done
}

_khoctl() {
	local curcontext=$curcontext state line khoctl=$words[1]
	local -a commands specs
	typeset -A opt_args

	_arguments -C '(- *)'{-h,--help}'[show help]' '(- *)'{-V,--version}'[show the version]' \
		'1:command:->command' '*::argument:->argument' && return
	case $state in
	command)
		commands=(${(f)"$(_call_program commands $khoctl --help 2>/dev/null |
			sed -n '/^Commands:/,/^$/s/^  \([a-z]*\)  *\(.*\)/\1:\2/p')"})
		_describe -t commands 'khoctl command' commands
		;;
	argument)
		_khoctl_specs $khoctl $words[1]
		_arguments -s $specs '*:file:_files'
		;;
	esac
}

_khoctl "$@"
