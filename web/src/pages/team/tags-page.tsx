import { tagBody } from '@fairway/contract/resources/tag'
import { createTag, deleteTag, listTags, patchTag, type tagView } from '@fairway/contract/routes/tags'
import { ColorInput, ColorSwatch, Group, TextInput } from '@mantine/core'
import { IconPlus } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { z } from 'zod'
import { call } from '../../api/client.ts'
import { queryClient, read } from '../../api/queries.ts'
import { useMay } from '../../api/use-permission.ts'
import { WHOLE_LIST } from '../../api/whole-list.ts'
import { DataTable } from '../../ui/data-table.tsx'
import { DeleteButton } from '../../ui/delete-button.tsx'
import { DialogButton } from '../../ui/dialog-button.tsx'
import { Empty } from '../../ui/empty.tsx'
import { Loaded } from '../../ui/loaded.tsx'
import { NameField } from '../../ui/name-fields.tsx'
import { PageTitle } from '../../ui/page-title.tsx'
import type { BodyForm } from '../../ui/use-body.ts'

type Tag = z.output<typeof tagView>

const looks = z.object({ description: z.string().max(200), color: tagBody.shape.color.unwrap() })
const FIELDS = ['name', 'description', 'color']
const refresh = () => queryClient.invalidateQueries({ queryKey: ['tags'] })

/** The tags of the team. */
export function TagsPage() {
  const query = useQuery(read(listTags, { query: WHOLE_LIST }))
  const mayWrite = useMay('write')
  return (
    <>
      <PageTitle title="Tags">{mayWrite && <NewTag />}</PageTitle>
      <Loaded query={query}>
        {({ tags }) =>
          tags.length === 0 ? (
            <Empty title="No tag yet">
              A tag marks services, jobs, addons and volumes that belong together. Secret groups can be meant
              for everything that has a tag.
            </Empty>
          ) : (
            <DataTable
              head={['Tag', 'Description', '']}
              rows={tags.map((tag) => ({
                key: tag.id,
                cells: [
                  <Group key="name" gap="xs" wrap="nowrap">
                    <ColorSwatch color={tag.color} size={14} aria-hidden />
                    {tag.id}
                  </Group>,
                  tag.description,
                  mayWrite && <TagActions key="actions" tag={tag} />,
                ],
              }))}
            />
          )
        }
      </Loaded>
    </>
  )
}

function NewTag() {
  return (
    <DialogButton
      label="New tag"
      icon={<IconPlus size={16} />}
      action="Create"
      schema={tagBody}
      initial={{ name: '' }}
      fields={FIELDS}
      run={async (body) => {
        await call(createTag, { body })
        await refresh()
      }}
    >
      {({ value, set, problem }) => (
        <>
          <NameField value={value} set={set} problem={problem} />
          <Looks
            description={value.description ?? ''}
            color={value.color ?? '#57A0FF'}
            problem={problem}
            onChange={set}
          />
        </>
      )}
    </DialogButton>
  )
}

function TagActions({ tag: { id, name, description, color } }: { tag: Tag }) {
  const params = { resourceTagId: id }
  return (
    <Group gap="xs" wrap="nowrap" justify="flex-end">
      <DialogButton
        label="Edit"
        title={`Edit ${name}`}
        variant="default"
        size="xs"
        action="Save"
        schema={looks}
        initial={{ description, color }}
        fields={FIELDS}
        run={async (body) => {
          await call(patchTag, { params, body })
          await refresh()
        }}
      >
        {({ value, set, problem }) => (
          <Looks
            description={value.description}
            color={value.color}
            problem={problem as Problem}
            onChange={set}
          />
        )}
      </DialogButton>
      <DeleteButton
        kind="tag"
        name={name}
        what="It is taken off everything that has it. Secret groups that are meant for this tag reach nothing by it any more."
        run={() => call(deleteTag, { params })}
        refresh={['tags']}
      />
    </Group>
  )
}

type Problem = BodyForm<typeof tagBody>['problem']
type LooksProps = {
  description: string
  color: string
  problem: Problem
  onChange: (change: { description?: string; color?: string }) => void
}

function Looks({ description, color, problem, onChange }: LooksProps) {
  return (
    <>
      <TextInput
        label="Description"
        value={description}
        error={problem('description')}
        onChange={(event) => onChange({ description: event.currentTarget.value })}
      />
      <ColorInput
        label="Colour"
        format="hex"
        eyeDropperButtonProps={{ 'aria-label': 'Pick a colour from the screen' }}
        value={color}
        error={problem('color')}
        onChange={(next) => onChange({ color: next.toUpperCase() })}
      />
    </>
  )
}
