/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * liveupdate.h - the live update orchestrator as user space sees it: /dev/liveupdate, and the
 * sessions that it gives out.
 *
 * Restates include/uapi/linux/liveupdate.h of Linux 6.19 to 7.3: the C library of the build machine
 * is older than that.
 */
#ifndef GUEST_LIVEUPDATE_H
#define GUEST_LIVEUPDATE_H

#include <stdint.h>
#include <sys/ioctl.h>

#define LUO_DEVICE "/dev/liveupdate"

/* Of the device. @name has to be unique; @fd is the answer, the session. */
struct luo_session {
	uint32_t size;
	int32_t fd;
	uint8_t name[64];
};

/* Of a session: @fd is preserved under @token, or comes back. */
struct luo_fd {
	uint32_t size;
	int32_t fd;
	uint64_t token __attribute__((aligned(8)));
};

struct luo_finish {
	uint32_t size;
	uint32_t reserved;
};

#define LUO_CREATE_SESSION   _IO(0xba, 0x00)
#define LUO_RETRIEVE_SESSION _IO(0xba, 0x01)
#define LUO_PRESERVE_FD      _IO(0xba, 0x40)
#define LUO_RETRIEVE_FD      _IO(0xba, 0x41)
#define LUO_FINISH           _IO(0xba, 0x42)

#endif
