/**
 * The project definition: for people; `isthmus document` renders it with measured results beside each
 * objective.
 */
import { z } from 'zod'

const lines = z.array(z.string().min(1))

/** `project`: what the project is for and who is responsible, for people. */
export const projectSchema = z
  .strictObject({
    title: z.string().min(1).describe('Name of the project.'),
    version: z.string().optional().describe('Version of the project definition, as text (quote it).'),
    lead: z.string().optional().describe('Who is responsible for it.'),
    stakeholders: lines.optional().describe('Who must agree.'),
    purpose: z.string().optional().describe('Its purpose, in one sentence.'),
    inScope: lines.optional().describe('What it covers.'),
    outOfScope: lines.optional().describe('What it does not cover.'),
    assumptions: lines.optional().describe('Assumptions.'),
    risks: z
      .array(
        z.strictObject({
          risk: z.string().min(1).describe('Description of the risk.'),
          mitigation: z.string().optional().describe('How the risk is mitigated.'),
        }),
      )
      .optional()
      .describe('Risks and their mitigations.'),
  })
  .describe('The project definition, for people.')
