/**
 * The cases of TUF's conformance suite that this protocol has to answer, by their names there, and
 * those that it lacks: each is the beginning of the name of a test in tuf-*.test.ts.
 */

/** By the names of the suite. */
export const TUF_CASES: readonly string[] = [
  ...['invalid_initial_root', 'unsigned_initial_root', 'unsigned_metadata'],
  ...['url_and_metadata_version_mismatch', 'timestamp_content_changes', 'targets_hash_mismatch'],
  ...['snapshot_hash_mismatch', 'metadata_bytes_match', 'custom_fields', 'snapshot_404'],
  ...['targets_404', 'timestamp_404', 'incorrect_metadata_type', 'root_expired'],
  ...['timestamp_expired', 'snapshot_expired', 'targets_expired', 'expired_local_root'],
  ...['expired_local_timestamp', 'new_timestamp_version_rollback', 'snapshot_rollback'],
  ...['targets_rollback', 'targets_role_removal', 'targets_fast_forward_recovery'],
  ...['new_snapshot_fast_forward_recovery', 'new_timestamp_fast_forward_recovery'],
  ...['snapshot_does_not_meet_threshold', 'snapshot_has_too_few_keys', 'duplicate_keys'],
  ...['duplicate_sig_keyids', 'keytype_and_scheme', 'invalid_sig_in_valid_metadata'],
  ...['root_rotation', 'non_root_rotations', 'cached_role_is_verified_against_current_delegator'],
  ...['delegation_not_in_snapshot', 'repository_substitutes_target_file'],
  ...['multiple_changes_to_target', 'unknown_hash_algorithm', 'unusual_role_name', 'twelve_roots'],
];

/** What the suite does not try. */
export const BEYOND_TUF: readonly string[] = [
  'gossip that is reordered',
  'two peers with different heads at one epoch',
  'a beacon that is newer than the bundle',
  'a clock that jumps either way',
  'a reboot, whatever the chip counts',
  'a disk that was restored',
  'a revocation is taken back by nothing',
  'an epoch of 2^53 + 1',
  'endless data',
  'a thousand signatures',
  'one leg of a pair that is stripped',
  'a bundle of one domain under the name of another',
];
