import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { PageTitle } from '../../ui/page-title.tsx'
import { TemplateEditor } from './template-editor.tsx'
import { newTemplate } from './template-text.ts'
import { useTemplatePlace } from './use-template-place.ts'

/** A template that is being made. */
export function NewTemplatePage() {
  const place = useTemplatePlace()
  const navigate = useNavigate()
  const [saved] = useState(() => newTemplate(place.isTeam))
  return (
    <>
      <PageTitle title="New template" />
      <TemplateEditor
        place={place}
        templateId={undefined}
        saved={saved}
        onSaved={(id) => void navigate({ to: `${place.at}/${id}` })}
      />
    </>
  )
}
