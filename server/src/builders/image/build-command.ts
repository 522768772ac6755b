/** What `docker build` is told. Values of arguments and secrets are not part of it: they travel by environment and files. */
export type BuildCommand = {
  /** Private folder of the command's configuration: credentials of registries. */
  configFolder: string
  socket: string
  dockerfile: string
  context: string
  target?: string | undefined
  useCache: boolean
  argumentNames: readonly string[]
  /** Secret ids with the files that hold them. */
  secretFiles: Readonly<Record<string, string>>
  labels: Readonly<Record<string, string>>
  tag: string
}

/** The argument vector after `docker`. Pure. */
export function buildCommandArgs(command: BuildCommand): string[] {
  const { target } = command
  return [
    ...['--config', command.configFolder, '--host', `unix://${command.socket}`],
    ...['build', '--progress', 'plain', '--file', command.dockerfile],
    ...['--tag', command.tag],
    ...(target === undefined ? [] : ['--target', target]),
    ...(command.useCache ? [] : ['--no-cache']),
    ...command.argumentNames.flatMap((name) => ['--build-arg', name]),
    ...Object.entries(command.secretFiles).flatMap(([id, file]) => ['--secret', `id=${id},src=${file}`]),
    ...Object.entries(command.labels).flatMap(([name, value]) => ['--label', `${name}=${value}`]),
    '--',
    command.context,
  ]
}

/**
 * Names that steer the command itself, its libraries or what it starts: as build arguments they would let a repository
 * run programs on this machine, because arguments reach the command by its environment.
 */
const STEERING =
  /^(?:LD_.*|DYLD_.*|GLIBC_.*|MALLOC_.*|GO(?:DEBUG|GC|MAXPROCS|MEMLIMIT|TRACEBACK|COVERDIR|ROOT|PATH)|DOCKER_.*|BUILDX_.*|BUILDKIT_(?:HOST|COLORS|PROGRESS|TTY_LOG_LINES)|OTEL_.*|SSL_CERT_.*|SSLKEYLOGFILE|GIT_(?:SSH.*|CONFIG.*|EXEC_PATH|DIR|WORK_TREE|PROXY_COMMAND|ASKPASS)|XDG_.*|PATH|HOME|TMPDIR|HOSTALIASES|LOCALDOMAIN|RES_OPTIONS)$/

const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/

export type PassedArguments = { passed: Record<string, string>; leftOut: string[] }

/** Which build arguments can be handed over; the others are left out, to be named in the log. Pure. */
export function passableArguments(all: Readonly<Record<string, string>>): PassedArguments {
  const entries = Object.entries(all)
  const fits = ([name, value]: [string, string]): boolean =>
    NAME.test(name) && !STEERING.test(name) && !value.includes('\0')
  return {
    passed: Object.fromEntries(entries.filter(fits)),
    leftOut: entries.filter((entry) => !fits(entry)).map(([name]) => name),
  }
}

const SECRET_ID = /^[A-Za-z0-9_.-]{1,128}$/

/** Whether BuildKit can be given a secret of this id: a comma or an equals sign would change what the flag says. */
export const isSecretId = (id: string): boolean => SECRET_ID.test(id)
