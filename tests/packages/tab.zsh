# tab.zsh DIRECTORY TYPED: types something into an interactive zsh, whose completions are in DIRECTORY, and presses Tab.
# Prints what the screen then showed, and last the line that is being typed, between <line> and </line>.
zmodload zsh/zpty
zpty shell 'TERM=dumb zsh -f -i'
zpty -w shell "PROMPT= RPROMPT=; fpath=(${(q)1} \$fpath); autoload -Uz compinit; compinit -u -D"
zpty -w shell 'show() { print; print -r -- "<line>$BUFFER</line>" }; zle -N show; bindkey "^I" complete-word "^X" show'
zpty -w shell 'setopt NO_BEEP; LISTMAX=0; print re""ady'
zpty -r shell said '*ready*'
zpty -w -n shell "$2"$'\t\x18'
zpty -r shell said '*</line>*'
print -r -- "$said"
zpty -d shell
