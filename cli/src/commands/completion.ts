import { Command } from 'commander'
import { print } from '../output.ts'

/** `fairway completion bash|zsh|fish`: a script for the shell, made from the program's own commands. */
export function addCompletion(program: Command): void {
  program.addCommand(
    new Command('completion')
      .description('print a completion script: source <(fairway completion bash)')
      .argument('<shell>', 'bash, zsh or fish')
      .action((shell: string, _options: unknown, command: Command) => {
        if (shell === 'fish') print(fishScript(program))
        else if (shell === 'bash') print(bashScript(program))
        else if (shell === 'zsh') print(`autoload -U +X bashcompinit && bashcompinit\n${bashScript(program)}`)
        else command.error(`unknown shell "${shell}": bash, zsh or fish`)
      }),
  )
}

/** What may follow each chain of commands: `release` → `run plan list …`. */
function branches(command: Command, chain: readonly string[] = []): [string, string[]][] {
  const names = command.commands.map((one) => one.name())
  const own: [string, string[]] = [chain.join(' '), names]
  return [own, ...command.commands.flatMap((one) => branches(one, [...chain, one.name()]))].filter(
    ([, words]) => words.length > 0,
  ) as [string, string[]][]
}

function bashScript(program: Command): string {
  const cases = branches(program).map(([chain, words]) => `    "${chain}") words="${words.join(' ')}" ;;`)
  return `_fairway() {
  local chain="" word words=""
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$word" in -*) ;; *) chain="\${chain:+$chain }$word" ;; esac
  done
  case "$chain" in
${cases.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -F _fairway fairway`
}

function fishScript(program: Command): string {
  return branches(program)
    .map(([chain, words]) => {
      const when =
        chain === '' ? '__fish_use_subcommand' : `__fish_seen_subcommand_from ${chain.split(' ').at(-1)}`
      return `complete -c fairway -f -n '${when}' -a '${words.join(' ')}'`
    })
    .join('\n')
}
