/** The categories and commit rules that hold when `sync.config.yaml` names none: the request's three tables of change types. */
import type { CategoryRule, CommitRule } from './change.ts';

/**
 * Tables 1 and 2: what kind of thing changed. Folder names are found at any depth, so that both `src/opencode/provider/x.py`
 * and `src/opencode/src/opencode/provider/x.py` are provider updates.
 */
export const defaultCategories: readonly CategoryRule[] = [
  { name: 'provider', paths: ['**/{provider,providers}/**/*.py'], priority: 'high' },
  { name: 'tools', paths: ['**/{tool,tools}/**/*.py'], priority: 'high' },
  {
    name: 'session',
    paths: ['**/{session,sessions,storage}.py', '**/{session,sessions,storage}/**/*.py'],
    priority: 'high',
  },
  {
    name: 'config',
    paths: ['**/{config,settings,defaults}.py', '**/config/**/*.py', 'config/**', '*.toml', '**/opencode.toml'],
    priority: 'medium',
  },
  { name: 'cli', paths: ['**/{cli,__main__}.py', '**/cli/**/*.py'], priority: 'medium' },
  { name: 'rag', paths: ['{RAG,rag}/**'], priority: 'high' },
  {
    name: 'integration-plans',
    paths: ['plans/**/*{INTEGRAT,Integrat,integrat,SYNC,Sync,sync}*'],
    priority: 'high',
  },
  { name: 'docs', paths: ['docs/**', '*.md'], priority: 'medium' },
  { name: 'plans', paths: ['plans/**'], priority: 'low' },
];

/**
 * Table 3: what paths cannot tell. A commit raises what it touched and never lowers it, so `refactor` (low) is here for
 * completeness only. `other` is a message that does not follow Conventional Commits.
 */
export const defaultCommitRules: readonly CommitRule[] = [
  { if: "type == 'security' || (type == 'fix' && scope == 'security')", priority: 'critical' },
  {
    if: "(type == 'fix' || type == 'other') && (subject.contains('CVE-') || subject.contains('GHSA-'))",
    priority: 'critical',
  },
  { if: "type == 'fix' && (scope == 'data-loss' || subject.contains('data loss'))", priority: 'critical' },
  { if: 'breaking', priority: 'high' },
  { if: "type == 'fix' || type == 'bugfix' || type == 'hotfix'", priority: 'high' },
  { if: "type == 'perf'", priority: 'medium' },
  { if: "type == 'refactor'", priority: 'low' },
];
