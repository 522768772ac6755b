/**
 * Reads `${...}` in the texts of a flow document.
 *
 *   template   = (text | "${" expression "}" | "${{" anything "}}")*      \${ is a literal ${
 *   expression = literal | path | call | "${" expression "}"
 *   path       = ("refs" | "args" | "loop" | "secrets") ("." name | "[" (number | string) "]")*
 *   call       = "fn." name "(" (expression | "fn." name) "," ... ")" then "." name ...
 *   literal    = 'text' | "text" | number | true | false | null
 *
 * `${{...}}` (resolved where the workload runs) and `${template...}` (resolved by a parent document) stay as they are.
 */

export type Expression =
  | { is: 'literal'; value: string | number | boolean | null }
  | { is: 'path'; root: PathRoot; keys: readonly string[]; text: string }
  | { is: 'call'; name: string; args: readonly Expression[]; keys: readonly string[]; text: string }
  /** A function handed to another one, such as `fn.gt` in `fn.filter(refs.x.items, 'size', fn.gt, 2)`. */
  | { is: 'function'; name: string }

export type PathRoot = 'refs' | 'args' | 'loop' | 'secrets'

/** Pieces of a text in order. `parent`: a `${template...}` expression, kept literally in nested documents. */
export type Piece = string | { expression: Expression } | { parent: string }

export const MAX_EXPRESSION_TEXT = 20_000
export const MAX_EXPRESSION_DEPTH = 20

/** The text cannot be read as a template; the message is a sentence for the person who wrote it. */
export class ExpressionSyntaxError extends Error {
  override readonly name = 'ExpressionSyntaxError'
}

const roots: readonly string[] = ['refs', 'args', 'loop', 'secrets'] satisfies PathRoot[]

export const mayHoldExpression = (text: string): boolean => text.includes('${')

/** Splits a text into literal pieces and expressions. Throws `ExpressionSyntaxError`. */
export function parseTemplate(text: string): Piece[] {
  if (!mayHoldExpression(text)) return text === '' ? [] : [text]
  if (text.length > MAX_EXPRESSION_TEXT)
    throw new ExpressionSyntaxError(
      `is too long: a text with expressions has at most ${MAX_EXPRESSION_TEXT} characters.`,
    )
  return new TemplateReader(text).read()
}

class TemplateReader {
  private at = 0
  private literal = ''
  private readonly pieces: Piece[] = []
  private readonly text: string

  constructor(text: string) {
    this.text = text
  }

  read(): Piece[] {
    while (this.at < this.text.length) this.next()
    this.flush()
    return this.pieces
  }

  private next(): void {
    const dollar = this.text.indexOf('${', this.at)
    if (dollar < 0) this.take(this.text.length)
    else if (dollar > this.at && this.text[dollar - 1] === '\\') this.escape(dollar)
    else if (dollar > this.at) this.take(dollar)
    else if (this.text.startsWith('${{', dollar)) this.take(this.endOf('}}', dollar) + 2)
    else if (/^\$\{\s*template\./.test(this.text.slice(dollar, dollar + 200))) this.parent(dollar)
    else this.expression(dollar)
  }

  private take(end: number): void {
    this.literal += this.text.slice(this.at, end)
    this.at = end
  }

  private escape(dollar: number): void {
    this.literal += `${this.text.slice(this.at, dollar - 1)}\${`
    this.at = dollar + 2
  }

  private endOf(mark: string, from: number): number {
    const end = this.text.indexOf(mark, from)
    if (end < 0)
      throw new ExpressionSyntaxError(`has "${this.text.slice(from, from + 40)}" without its ${mark}.`)
    return end
  }

  private parent(dollar: number): void {
    const end = this.endOf('}', dollar) + 1
    this.flush()
    this.pieces.push({ parent: this.text.slice(dollar, end) })
    this.at = end
  }

  private expression(dollar: number): void {
    this.flush()
    const reader = new ExpressionReader(this.text, dollar + 2)
    this.pieces.push({ expression: reader.read() })
    this.at = reader.at
  }

  private flush(): void {
    if (this.literal !== '') this.pieces.push(this.literal)
    this.literal = ''
  }
}

const escapes: Record<string, string> = { n: '\n', t: '\t', r: '\r', '\\': '\\', "'": "'", '"': '"', $: '$' }

/** Reads one expression and its closing brace; `at` is then behind it. */
class ExpressionReader {
  at: number
  private readonly text: string
  private readonly begin: number
  private depth = 0

  constructor(text: string, at: number) {
    this.text = text
    this.at = at
    this.begin = at
  }

  read(): Expression {
    const expression = this.expression(false)
    this.expect('}')
    return expression
  }

  private expression(asArgument: boolean): Expression {
    this.depth += 1
    if (this.depth > MAX_EXPRESSION_DEPTH)
      throw this.error(`is nested more than ${MAX_EXPRESSION_DEPTH} deep`)
    this.space()
    const read = this.one(asArgument)
    this.depth -= 1
    return read
  }

  private one(asArgument: boolean): Expression {
    const char = this.text[this.at]
    if (char === "'" || char === '"') return { is: 'literal', value: this.quoted(char) }
    if (char !== undefined && /[-\d]/.test(char)) return { is: 'literal', value: this.number() }
    if (this.text.startsWith('${', this.at)) return this.braced(asArgument)
    return this.named(asArgument)
  }

  private braced(asArgument: boolean): Expression {
    this.at += 2
    const inner = this.expression(asArgument)
    this.expect('}')
    return inner
  }

  private named(asArgument: boolean): Expression {
    const start = this.at
    const root = this.match(/[A-Za-z_][A-Za-z0-9_]*/y)
    if (root === 'true' || root === 'false') return { is: 'literal', value: root === 'true' }
    if (root === 'null') return { is: 'literal', value: null }
    if (root === 'fn') return this.call(start, asArgument)
    if (root === undefined || !roots.includes(root))
      throw this.error('must begin with refs., args., loop. or fn. (write \\${ for a literal ${)')
    const keys = this.keys()
    return { is: 'path', root: root as PathRoot, keys, text: this.text.slice(start, this.at) }
  }

  private call(start: number, asArgument: boolean): Expression {
    const name = this.match(/\.[A-Za-z][A-Za-z0-9]*/y)?.slice(1)
    if (name === undefined) throw this.error('needs the name of a function after fn.')
    if (this.text[this.at] !== '(') {
      if (asArgument) return { is: 'function', name }
      throw this.error(`needs parentheses after fn.${name}`)
    }
    const args = this.args()
    return { is: 'call', name, args, keys: this.keys(), text: this.text.slice(start, this.at) }
  }

  private args(): Expression[] {
    this.at += 1
    const args: Expression[] = []
    this.space()
    if (this.text[this.at] === ')') {
      this.at += 1
      return args
    }
    for (;;) {
      args.push(this.expression(true))
      this.space()
      if (this.text[this.at] !== ',') break
      this.at += 1
    }
    this.expect(')')
    return args
  }

  private keys(): string[] {
    const keys: string[] = []
    for (;;) {
      const name = this.match(/\.[A-Za-z0-9_-]+/y)
      if (name !== undefined) keys.push(name.slice(1))
      else if (this.text[this.at] === '[') keys.push(this.bracketed())
      else return keys
    }
  }

  private bracketed(): string {
    this.at += 1
    const char = this.text[this.at]
    const key = char === "'" || char === '"' ? this.quoted(char) : this.match(/\d+/y)
    if (key === undefined) throw this.error('needs a number or a quoted name between [ and ]')
    this.expect(']')
    return key
  }

  private quoted(quote: string): string {
    let value = ''
    for (this.at += 1; this.text[this.at] !== quote; this.at += 1) {
      const char = this.text[this.at]
      if (char === undefined) throw this.error(`has a ${quote} that is not closed`)
      value += char === '\\' ? this.escaped() : char
    }
    this.at += 1
    return value
  }

  private escaped(): string {
    this.at += 1
    const char = this.text[this.at] ?? ''
    const value = escapes[char]
    if (value === undefined) throw this.error(`has an unknown escape \\${char}`)
    return value
  }

  private number(): number {
    const text = this.match(/-?\d+(\.\d+)?/y)
    if (text === undefined) throw this.error('has a - without a number')
    return Number(text)
  }

  private match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.at
    const found = pattern.exec(this.text)?.[0]
    if (found !== undefined) this.at += found.length
    return found
  }

  private space(): void {
    this.match(/\s+/y)
  }

  private expect(mark: string): void {
    this.space()
    if (this.text[this.at] !== mark)
      throw this.error(`needs ${mark} before "${this.text.slice(this.at, this.at + 10)}"`)
    this.at += 1
  }

  private error(rule: string): ExpressionSyntaxError {
    const shown = this.text.slice(this.begin - 2, this.begin + 60)
    return new ExpressionSyntaxError(`holds the expression "${shown}", which ${rule}.`)
  }
}
