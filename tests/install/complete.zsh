#!/bin/zsh -f
# SPDX-License-Identifier: BSD-2-Clause
#
# complete.zsh DIRECTORY LINE - what zsh offers at the end of LINE, a line each; DIRECTORY has _khoctl in it
#
# A real zsh at a terminal, in which the key for completion is pressed. compadd is where all offers come
# together; a line that ends with "=" takes its value in the same word.
zmodload zsh/zpty
zpty z zsh -f -i
# show TEXT: what z says up to TEXT
show() { zpty -r z REPLY "*$1"; }
zpty -w z "PS1= PS2= TERM=dumb; unsetopt zle_bracketed_paste 2>/dev/null; stty -echo 2>/dev/null
fpath=($1 \$fpath); autoload -U compinit; compinit -D -u
zstyle ':completion:*' verbose no
zstyle ':completion:*' insert-tab no
zstyle ':completion:*' menu no
compadd() {
	local -a found
	builtin compadd -O found \"\$@\"
	[[ -z \$found ]] || builtin printf '<<%s>>\n' \$found
	builtin compadd \"\$@\"
}
finish() { zle complete-word; print -r -- END-OF-\"\"OFFERS; exit }
zle -N finish; bindkey '^I' finish; print -r -- REA\"\"DY"
show 'READY' || exit 1
zpty -w -n z "$2"$'\t'
show 'END-OF-OFFERS'
print -r -- $REPLY | tr -d '\r' | sed -n 's/.*<<\(..*\)>>.*/\1/p' | sort -u
zpty -d z
