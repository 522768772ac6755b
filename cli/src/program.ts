import { Command, Option } from 'commander'
import { addActionCommands } from './commands/actions.ts'
import { addApply } from './commands/apply.ts'
import { addCompletion } from './commands/completion.ts'
import { addDoctor } from './commands/doctor.ts'
import { addLogin } from './commands/login.ts'
import { addReleaseCommands } from './commands/release.ts'
import { addResourceCommands } from './commands/resources.ts'
import { addStreamCommands } from './commands/streams.ts'
import { addTemplateCommands } from './commands/templates.ts'
import { addUp } from './commands/up.ts'

const EXIT_HELP = `
Exit status: 0 done · 1 what was watched failed · 2 wrong use · 3 not found · 4 not allowed ·
             5 refused, the message says why · 6 no answer from the server
Environment: FAIRWAY_HOST_URL, FAIRWAY_TOKEN, FAIRWAY_PROJECT win over what "fairway login" saved.`

/** The whole command line. */
export function createProgram(): Command {
  const program = new Command('fairway')
    .description('Release production workloads on machines you own.')
    .version('0.1.0')
    .addOption(
      new Option('-o, --output <format>', 'table for people, json for programs').choices(['table', 'json']),
    )
    .option('-p, --project <id>', 'the project to work in')
    .showSuggestionAfterError()
    .addHelpText('after', EXIT_HELP)
  addUp(program)
  addDoctor(program)
  addLogin(program)
  addResourceCommands(program)
  addActionCommands(program)
  addTemplateCommands(program)
  addReleaseCommands(program)
  addStreamCommands(program)
  addApply(program)
  addCompletion(program)
  return program
}
