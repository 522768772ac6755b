import {
  Autocomplete,
  Fieldset,
  JsonInput,
  NumberInput,
  Select,
  Stack,
  Switch,
  TextInput,
} from '@mantine/core'

/** The part of JSON Schema that the contract's node schemas come out as. */
export type JsonSchema = {
  type?: string
  description?: string
  enum?: unknown[]
  const?: unknown
  properties?: Record<string, JsonSchema>
  required?: string[]
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
    onChange(next === undefined ? rest : { ...object, [name]: next })
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
      value={String(value[name] ?? '')}
      data={variants.map((variant) => String(Object.fromEntries(marksOf(variant))[name]))}
      onChange={(next) => onChange({ ...value, [name]: next })}
    />
  )
}

function Field(props: FieldProps) {
  const { name, schema, value, required, pickers, onChange } = props
  const plain = plainOf(schema)
  const about = { label: name, description: schema.description, withAsterisk: required }
  if (plain.enum !== undefined) {
    return (
      <Select
        {...about}
        clearable={!required}
        value={value === undefined ? null : String(value)}
        data={plain.enum.map(String)}
        onChange={(next) => onChange(next ?? undefined)}
      />
    )
  }
  if (plain.type === 'integer' || plain.type === 'number') {
    return (
      <NumberInput
        {...about}
        value={(value as number | undefined) ?? ''}
        onChange={(next) => onChange(next === '' ? undefined : Number(next))}
      />
    )
  }
  if (plain.type === 'boolean') {
    return (
      <Switch
        label={name}
        checked={value === true}
        onChange={(event) => onChange(event.currentTarget.checked || undefined)}
      />
    )
  }
  if (plain.type === 'object' && plain.properties !== undefined) {
    return (
      <Fieldset legend={name} p="xs">
        <SchemaForm schema={plain} value={value} pickers={pickers} onChange={onChange} />
      </Fieldset>
    )
  }
  if (plain.type === 'string') return <TextField {...props} />
  return <JsonField key={name} {...props} />
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
  const real = choices.filter((choice) => choice.type !== 'string' || choice.enum !== undefined)
  return real.length === 1 && real[0] !== undefined
    ? plainOf(real[0])
    : (choices.find(({ type }) => type === 'string') ?? schema)
}
