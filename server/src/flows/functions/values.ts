import { type FlowFunction, FunctionArgumentError, integerAt, isTrue, textAt } from './function.ts'

export const valueFunctions: readonly FlowFunction[] = [
  {
    name: 'randomSecret',
    group: 'Values',
    signature: 'bytes, encoding?, sticky?',
    minArgs: 1,
    maxArgs: 3,
    doc: "So many random bytes, 1 to 256, as 'hex' (the default) or 'base64'. The same for every attempt of a step; with sticky true also the same in every run of the flow.",
    examples: [],
    run: (args, context) => {
      const bytes = integerAt(args, 0)
      if (bytes < 1 || bytes > 256)
        throw new FunctionArgumentError('needs a number from 1 to 256 as argument 1')
      const encoding = args.length > 1 ? textAt(args, 1) : 'hex'
      if (encoding !== 'hex' && encoding !== 'base64')
        throw new FunctionArgumentError("needs 'hex' or 'base64' as argument 2")
      return Buffer.from(context.random({ bytes, sticky: isTrue(args[2]) })).toString(encoding)
    },
  },
  {
    name: 'date',
    group: 'Values',
    signature: 'format?',
    minArgs: 0,
    maxArgs: 1,
    doc: 'When the run began, in UTC: YYYY, MM, DD, HH, mm, ss, SSS, X (seconds since 1970), x (milliseconds); text in [brackets] stays. ISO 8601 when left out.',
    examples: [
      ["fn.date('YYYY-MM-DD')", '2026-01-02'],
      ["fn.date('[release]-YYYYMMDDHHmmss')", 'release-20260102030405'],
      ['fn.date()', '2026-01-02T03:04:05.006Z'],
    ],
    run: (args, context) =>
      args.length === 0 ? context.now.toISOString() : format(context.now, textAt(args, 0)),
  },
  {
    name: 'fetchSecret',
    group: 'Values',
    signature: 'secretGroupId, key',
    minArgs: 2,
    maxArgs: 2,
    doc: 'A value of a secret group of the project; false when there is none. It is masked wherever it is shown.',
    examples: [],
    run: (args, context) => context.fetchSecret(textAt(args, 0), textAt(args, 1)) ?? false,
  },
]

const parts: Record<string, (iso: string, now: Date) => string> = {
  YYYY: (iso) => iso.slice(0, 4),
  MM: (iso) => iso.slice(5, 7),
  DD: (iso) => iso.slice(8, 10),
  HH: (iso) => iso.slice(11, 13),
  mm: (iso) => iso.slice(14, 16),
  ss: (iso) => iso.slice(17, 19),
  SSS: (iso) => iso.slice(20, 23),
  X: (_, now) => String(Math.floor(now.getTime() / 1000)),
  x: (_, now) => String(now.getTime()),
}

const format = (now: Date, pattern: string): string =>
  pattern.replace(/\[([^\]]*)\]|YYYY|MM|DD|HH|mm|SSS|ss|X|x/g, (token, kept: string | undefined) =>
    kept === undefined ? (parts[token]?.(now.toISOString(), now) ?? token) : kept,
  )
