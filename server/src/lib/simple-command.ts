const BUILTINS =
  'cd|export|set|unset|if|for|while|until|case|eval|exec|trap|ulimit|umask|read|wait|test|source'
const COMPOUND = new RegExp(`[;&|\\n]|^\\s*(?:\\w+=|[({!]|[.:[]\\s|(?:${BUILTINS})\\s)`)

/**
 * Whether a shell line is one program: then `exec` takes the shell out of a signal's way. It would cut `cd app && node …`
 * and refuse `DEBUG=1 node …`.
 */
export const isSimpleCommand = (line: string): boolean => !COMPOUND.test(line)
