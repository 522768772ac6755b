import { CommanderError } from 'commander'
import { CliError, exitCodes } from './exit.ts'
import { remark } from './output.ts'
import { createProgram } from './program.ts'

const program = createProgram()
for (const command of [program, ...program.commands, ...program.commands.flatMap((one) => one.commands)]) {
  command.exitOverride()
}

// `fairway … | head` closes the pipe early; that is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(exitCodes.ok)
  throw error
})

try {
  await program.parseAsync()
} catch (error) {
  process.exitCode = exitOf(error)
}

function exitOf(error: unknown): number {
  if (error instanceof CliError) {
    remark(error.message)
    return error.exitCode
  }
  // commander has printed its own message; help and version end well.
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage
  if (error instanceof SyntaxError) {
    remark(`--input is not valid JSON: ${error.message}`)
    return exitCodes.usage
  }
  throw error
}
