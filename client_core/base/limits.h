// Every bound of the product, one line each. A breach is one clear error that names field and bound.
#ifndef DOORSTEP_CLIENT_CORE_BASE_LIMITS_H_
#define DOORSTEP_CLIENT_CORE_BASE_LIMITS_H_

#include <cstddef>
#include <cstdint>

namespace doorstep::limits {

// Journal and frames.
inline constexpr size_t kEntryBytesMax = 64 * 1024;
inline constexpr size_t kFrameBytesMax = 768 * 1024;      // compressed, header included
inline constexpr size_t kFrameRawBytesMax = 1024 * 1024;  // body before compression
inline constexpr uint64_t kFrameEntriesMax = 4096;
inline constexpr size_t kBundleFrameBytesMax = 16 * 1024 * 1024;  // of all frames in a file that is handed over
inline constexpr size_t kFrameClockSamplesMax = 64;
inline constexpr size_t kSignatureBytesMax = 72;  // No DER sequence of two integers of 33 bytes is longer.
inline constexpr int64_t kSigningKeysMax = 64;    // The newest of a device.
inline constexpr size_t kTokenBytesMax = 64;
inline constexpr uint64_t kEpochMax = (uint64_t{1} << 23) - 1;
inline constexpr size_t kEpochsMax = 256;                // Of a device, those that it may claim by itself.
inline constexpr size_t kJournalClaimsMax = 64;          // Of a Hello.
inline constexpr int64_t kDevicesOfALostTimeMax = 1000;  // Enrolled between a backup and its restore.
inline constexpr int32_t kUtcOffsetSecondsMax = 14 * 3600;
inline constexpr uint32_t kQueueListDefault = 100;
inline constexpr uint32_t kQueueListMax = 1000;
// The least time a phone keeps its entries.
inline constexpr int64_t kRetentionMicros = int64_t{7} * 86400 * 1000000;

// Identifiers and text.
inline constexpr size_t kIdBytesMax = 64;
inline constexpr size_t kDeviceBytesMax = 32;
inline constexpr size_t kBootIdBytesMax = 36;
inline constexpr size_t kNameBytesMax = 256;
inline constexpr size_t kCodeBytesMax = 64;
inline constexpr size_t kLabelBytesMax = 256;
inline constexpr size_t kShortTextBytesMax = 256;
inline constexpr size_t kReasonBytesMax = 1024;
inline constexpr size_t kTextBytesMax = 4096;
inline constexpr size_t kNoteBytesMax = 16384;
inline constexpr size_t kLanguageBytesMax = 35;
inline constexpr size_t kZoneBytesMax = 64;
inline constexpr size_t kBriefBytesMax = 4096;
inline constexpr size_t kExternalSystemBytesMax = 64;
inline constexpr size_t kExternalIdBytesMax = 128;
inline constexpr size_t kProductTextBytesMax = 128;  // An asset's model or serial.
inline constexpr size_t kPhoneBytesMax = 32;
inline constexpr size_t kSiteTextBytesMax = 2048;  // Access notes, hazards.
inline constexpr size_t kOpeningHoursBytesMax = 512;
inline constexpr size_t kPushTokenBytesMax = 4096;
inline constexpr size_t kInvitationCodeBytesMin = 8;
inline constexpr size_t kInvitationCodeBytesMax = 64;

// Counts.
inline constexpr int kAnswersMax = 32;
inline constexpr int kFormFieldsMax = 200;
inline constexpr int kAssetsMax = 32;
inline constexpr int kExternalRefsMax = 16;
inline constexpr int kCodesMax = 16;
inline constexpr int kSkillsMax = 32;
inline constexpr int kLanguagesMax = 8;
inline constexpr uint32_t kPriorityMax = 5;
inline constexpr uint32_t kPriorityDefault = 3;
inline constexpr int32_t kLatitudeE7Max = 900000000;
inline constexpr int32_t kLongitudeE7Max = 1800000000;
inline constexpr int64_t kPartQuantityMilliMax = 1000000000;
inline constexpr uint32_t kTimeSpentMinutesMax = 1440;

// Feeds.
inline constexpr uint32_t kPageBytesMin = 4096;
inline constexpr uint32_t kPageBytesDefault = 256 * 1024;
inline constexpr uint32_t kPageBytesMax = 1024 * 1024;
inline constexpr size_t kCursorBytesMax = 256;
// As long as a phone without contact may keep what it has. One that was away for longer begins anew.
inline constexpr int32_t kLeftRowDays = 30;
// A delta of more rows than this is compared with a snapshot, and the cheaper one is sent.
inline constexpr int64_t kDeltaRowsLong = 500;
// Feeds that one tick moves, so that phones do not wait for all of a company's at midnight.
inline constexpr int64_t kTickFeedsMax = 64;

// The server's clock. One that moves by more than this against the machine's other clock was set, and not slewed.
inline constexpr int64_t kClockLeapUs = int64_t{10} * 60 * 1000000;
// What the clock says is believed against what it said for so long when it has said so for as long itself.
inline constexpr int64_t kClockConfirmedUs = int64_t{15} * 60 * 1000000;

// Calls.
inline constexpr size_t kMessageBytesUpMax = 1024 * 1024;
inline constexpr size_t kMessageBytesDownMax = 4 * 1024 * 1024;
inline constexpr size_t kRequestIdBytesMin = 16;
inline constexpr size_t kRequestIdBytesMax = 64;
inline constexpr uint32_t kPageSizeDefault = 50;
inline constexpr uint32_t kPageSizeMax = 500;
inline constexpr int kImportRowsMax = 500;
inline constexpr size_t kSearchBytesMax = 64;
inline constexpr size_t kPageTokenBytesMax = 512;
inline constexpr uint32_t kJournalEntriesDefault = 100;
inline constexpr uint32_t kJournalEntriesMax = 1000;
inline constexpr int kOpenVisitsMax = 100;  // In the answer to a leaving.
inline constexpr int kMergedAssetsMax = 16;
inline constexpr int kReplayPositionsMax = 100;
inline constexpr size_t kVisitLogPageBytesMax = 1024 * 1024;
inline constexpr int kRepairsMax = 500;
inline constexpr int32_t kHealthDayMin = -25000;
inline constexpr int32_t kHealthDayMax = 50000;
inline constexpr size_t kImportRequestBytesMax = 512 * 1024;
inline constexpr size_t kImportRowBytesMax = 64 * 1024;
inline constexpr size_t kImportFileBytesMax = 1024 * 1024 * 1024;

// Attachments.
inline constexpr size_t kAttachmentHashBytes = 32;
inline constexpr size_t kAttachmentChunkBytesMax = 256 * 1024;
inline constexpr uint64_t kAttachmentBytesMax = 32 * 1024 * 1024;
inline constexpr uint64_t kPreviewBytesMax = 64 * 1024;
inline constexpr int kAttachmentClaimsMax = 64;  // Of one question.
inline constexpr size_t kAttachmentRangeBytesDefault = 256 * 1024;
inline constexpr size_t kAttachmentRangeBytesMax = 1024 * 1024;
inline constexpr size_t kContentTypeBytesMax = 128;
// Of one phone, at the server: about 400 photos.
inline constexpr uint64_t kAttachmentDayBytesMax = uint64_t{1} * 1024 * 1024 * 1024;
// Waiting on one phone.
inline constexpr uint64_t kAttachmentQueueBytesMax = uint64_t{2} * 1024 * 1024 * 1024;
// The server takes no attachments when its disk has less than this left: entries need it more.
inline constexpr uint64_t kAttachmentDiskReserveBytes = 512 * 1024 * 1024;
// What nobody names, or nobody goes on with, is deleted after it, on both sides.
inline constexpr int64_t kAttachmentOrphanMicros = int64_t{7} * 86400 * 1000000;

// Time.
inline constexpr int64_t kWindowMicrosMax = int64_t{31} * 86400 * 1000000;
inline constexpr int64_t kTimeMicrosMin = 0;                              // 1970
inline constexpr int64_t kTimeMicrosMax = int64_t{4102444800} * 1000000;  // 2100
inline constexpr int64_t kInvitationMicros = int64_t{24} * 3600 * 1000000;

// The server.
inline constexpr size_t kQueueRequestsMax = 4096;
inline constexpr size_t kQueueBytesMax = 256 * 1024 * 1024;
inline constexpr uint32_t kStreamsPerConnectionMax = 16;
inline constexpr size_t kMetadataBytesMax = 8 * 1024;
inline constexpr int kHandshakeMs = 10 * 1000;
inline constexpr int kConnectionAgeMs = 60 * 60 * 1000;
inline constexpr int kConnectionAgeGraceMs = 60 * 1000;
inline constexpr int kPingIntervalMs = 60 * 1000;
inline constexpr size_t kGrpcMemoryBytesMax = 512 * 1024 * 1024;
inline constexpr size_t kWatchStreamsMax = 20000;
inline constexpr size_t kWakeStreamsMax = 8;  // Push gateways, with those that take over from others.
inline constexpr size_t kMessageWakesMax = 100;
inline constexpr uint32_t kWatchKeepAliveMs = 2 * 60 * 1000;
inline constexpr uint32_t kWatchStuckMs = 60 * 1000;
inline constexpr size_t kGroupRequestsMax = 512;
inline constexpr size_t kGroupBytesMax = 16 * 1024 * 1024;

}  // namespace doorstep::limits

#endif  // DOORSTEP_CLIENT_CORE_BASE_LIMITS_H_
