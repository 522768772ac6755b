import {
  Autocomplete,
  Button,
  Fieldset,
  JsonInput,
  NumberInput,
  Select,
  Stack,
  TagsInput,
  TextInput,
} from '@mantine/core'
import { knownOf } from './known-of.ts'

/** The part of JSON Schema that the contract's node schemas come out as. */
export type JsonSchema = {
  type?: string
  description?: string
  enum?: unknown[]
  const?: unknown
  properties?: Record<string, JsonSchema>
  required?: string[]
  items?: JsonSchema
  anyOf?: JsonSchema[]
  oneOf?: JsonSchema[]
}

/** What can be picked for a field, by its name; expressions may be typed all the same. */
export type Pickers = Readonly<Record<string, readonly string[]>>

type FieldProps = {
  name: string
  schema: JsonSchema
  value: unknown
  required: boolean
  pickers: Pickers
  onChange: (value: unknown) => void
}

/** A form for an object, made from its schema. Fields left empty are left out. */
export function SchemaForm({ schema, value, pickers, onChange }: Omit<FieldProps, 'name' | 'required'>) {
  const object = (value ?? {}) as Record<string, unknown>
  const variants = schema.oneOf ?? schema.anyOf
  const chosen = variants === undefined ? schema : (variantOf(variants, object) ?? variants[0] ?? {})
  const change = (name: string, next: unknown): void => {
    const { [name]: _old, ...rest } = object
    onChange(next === undefined ? rest : { ...constantsOf(chosen), ...object, [name]: next })
  }
  return (
    <Stack gap="xs">
      {variants !== undefined && <VariantField variants={variants} value={object} onChange={onChange} />}
      {Object.entries(chosen.properties ?? {})
        .filter(([, field]) => field.const === undefined)
        .map(([name, field]) => (
          <Field
            key={name}
            name={name}
            schema={field}
            value={object[name]}
            required={chosen.required?.includes(name) ?? false}
            pickers={pickers}
            onChange={(next) => change(name, next)}
          />
        ))}
    </Stack>
  )
}

/** The fields whose constants tell the variants of a union apart. */
const marksOf = ({ properties = {} }: JsonSchema): [string, unknown][] =>
  Object.entries(properties).flatMap(([name, field]) =>
    field.const === undefined ? [] : [[name, field.const]],
  )

/** What must stand there and leaves no choice. */
const constantsOf = (schema: JsonSchema): Record<string, unknown> =>
  Object.fromEntries(marksOf(schema).filter(([name]) => schema.required?.includes(name)))

/** Nothing in it was chosen. */
const isBare = (schema: JsonSchema, value: unknown): boolean =>
  Object.keys(value as object).every((name) => name in constantsOf(schema))

const variantOf = (variants: readonly JsonSchema[], value: Record<string, unknown>): JsonSchema | undefined =>
  variants.find((variant) => {
    const marks = marksOf(variant)
    return marks.length > 0 && marks.every(([name, constant]) => value[name] === constant)
  })

type VariantFieldProps = {
  variants: readonly JsonSchema[]
  value: Record<string, unknown>
  onChange: (value: unknown) => void
}

function VariantField({ variants, value, onChange }: VariantFieldProps) {
  const [mark] = marksOf(variants[0] ?? {})
  if (mark === undefined) return null
  const [name] = mark
  return (
    <Select
      label={name}
      allowDeselect={false}
      value={String(value[name] ?? marksOf(variants[0] ?? {})[0]?.[1] ?? '')}
      data={variants.map((variant) => String(Object.fromEntries(marksOf(variant))[name]))}
      onChange={(next) => {
        const variant = variants.find((one) => Object.fromEntries(marksOf(one))[name] === next) ?? {}
        // What the other variant does not know would only be refused.
        onChange({ ...(knownOf(variant, value) as object), [name]: next })
      }}
    />
  )
}

function Field(props: FieldProps) {
  const { name, schema, value, required, pickers, onChange } = props
  const plain = plainOf(schema)
  const about = { label: name, description: schema.description, withAsterisk: required }
  const isExpression = typeof value === 'string' && value.includes('${')
  if (isExpression) return <TextField {...props} />
  if (plain.enum !== undefined || plain.type === 'boolean') return <ChoiceField {...props} />
  if (plain.type === 'integer' || plain.type === 'number') {
    return (
      <NumberInput
        {...about}
        value={(value as number | undefined) ?? ''}
        onChange={(next) => onChange(next === '' ? undefined : Number(next))}
      />
    )
  }
  if (plain.properties !== undefined || isChoiceOfForms(plain)) {
    return (
      <Fieldset legend={name} p="xs">
        <SchemaForm
          schema={plain}
          value={value}
          pickers={pickers}
          onChange={(next) => onChange(!required && isBare(plain, next) ? undefined : next)}
        />
      </Fieldset>
    )
  }
  if (plain.type === 'string') return <TextField {...props} />
  if (plain.type === 'array' && plain.items?.type === 'string') {
    return (
      <TagsInput
        {...about}
        value={((value ?? []) as unknown[]).map(String)}
        onChange={(next) => onChange(next.length === 0 && !required ? undefined : next)}
      />
    )
  }
  if (plain.type === 'array' && isForm(plain.items)) {
    return <ListField {...props} schema={{ ...schema, items: plain.items }} />
  }
  return <JsonField key={name} {...props} />
}

/** A union of objects that a constant in each tells apart. */
const isChoiceOfForms = ({ oneOf, anyOf }: JsonSchema): boolean =>
  (oneOf ?? anyOf)?.every((variant) => marksOf(variant).length > 0) ?? false

/** True and false are choices too: what is left out may mean either. */
function ChoiceField({ name, schema, value, required, onChange }: FieldProps) {
  const { enum: choices, type } = plainOf(schema)
  return (
    <Select
      label={name}
      description={schema.description}
      withAsterisk={required}
      clearable={!required}
      value={value === undefined ? null : String(value)}
      data={choices?.map(String) ?? ['true', 'false']}
      onChange={(next) =>
        onChange(type === 'boolean' && next !== null ? next === 'true' : (next ?? undefined))
      }
    />
  )
}

const isForm = (items: JsonSchema | undefined): items is JsonSchema =>
  items?.properties !== undefined || items?.oneOf !== undefined

/** A list of objects: a form for each. */
function ListField({ name, schema, value, pickers, onChange }: FieldProps) {
  const all = (value ?? []) as unknown[]
  const items = schema.items ?? {}
  const change = (next: unknown[]): void => onChange(next.length === 0 ? undefined : next)
  return (
    <Fieldset legend={name} p="xs">
      <Stack gap="xs">
        {all.map((one, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: the entries have no other name, and keep their order.
          <Fieldset key={index} legend={`${name} ${index + 1}`} p="xs">
            <SchemaForm
              schema={items}
              value={one}
              pickers={pickers}
              onChange={(next) => change(all.toSpliced(index, 1, next))}
            />
            <Button
              mt="xs"
              size="xs"
              variant="default"
              aria-label={`Remove ${name} ${index + 1}`}
              onClick={() => change(all.toSpliced(index, 1))}
            >
              Remove
            </Button>
          </Fieldset>
        ))}
        <Button
          size="xs"
          variant="default"
          aria-label={`Add to ${name}`}
          style={{ alignSelf: 'flex-start' }}
          onClick={() => change([...all, emptyOf(items)])}
        >
          Add
        </Button>
      </Stack>
    </Fieldset>
  )
}

/** What a new entry begins with: its kind, and what it must have, empty. Pure. */
function emptyOf(schema: JsonSchema): unknown {
  const chosen = (schema.oneOf ?? schema.anyOf)?.[0] ?? schema
  if (chosen.const !== undefined) return chosen.const
  if (chosen.enum !== undefined) return chosen.enum[0]
  if (chosen.type === 'string') return ''
  if (chosen.type !== 'object') return undefined
  const must = Object.entries(chosen.properties ?? {}).filter(
    ([name, field]) => chosen.required?.includes(name) || field.const !== undefined,
  )
  return Object.fromEntries(must.map(([name, field]) => [name, emptyOf(field)]))
}

function TextField({ name, schema, value, required, pickers, onChange }: FieldProps) {
  const about = { label: name, description: schema.description, withAsterisk: required }
  const choices = pickers[name]
  const change = (next: string): void => onChange(next === '' && !required ? undefined : next)
  if (choices === undefined) {
    return (
      <TextInput
        {...about}
        value={String(value ?? '')}
        onChange={(event) => change(event.currentTarget.value)}
      />
    )
  }
  return (
    <Autocomplete {...about} data={[...new Set(choices)]} value={String(value ?? '')} onChange={change} />
  )
}

/** Lists and maps are written as JSON; it is taken when it can be read. */
function JsonField({ name, schema, value, required, onChange }: FieldProps) {
  return (
    <JsonInput
      label={name}
      description={schema.description}
      withAsterisk={required}
      autosize
      minRows={2}
      formatOnBlur
      validationError="This is not JSON"
      defaultValue={value === undefined ? '' : JSON.stringify(value, null, 2)}
      onBlur={(event) => {
        const parsed = readJson(event.currentTarget.value)
        if (parsed !== 'unreadable') onChange(parsed)
      }}
    />
  )
}

function readJson(text: string): unknown {
  if (text.trim() === '') return undefined
  try {
    return JSON.parse(text)
  } catch {
    // The field itself says that it cannot be read; the value stays as it was.
    return 'unreadable'
  }
}

/** What a field is when it is not an expression: `anyOf [number, expression]` is a number. */
function plainOf(schema: JsonSchema): JsonSchema {
  const choices = schema.anyOf ?? schema.oneOf
  if (choices === undefined) return schema
  const real = choices.filter(
    (choice) => choice.type !== 'null' && (choice.type !== 'string' || choice.enum !== undefined),
  )
  return real.length === 1 && real[0] !== undefined
    ? plainOf(real[0])
    : (choices.find(({ type }) => type === 'string') ?? schema)
}
