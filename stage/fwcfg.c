// SPDX-License-Identifier: BSD-2-Clause
/* QEMU's fw_cfg; see the header. */
#include <arch/fwcfg_port.h>
#include <stage/fwcfg.h>

#include <string.h>

#define KEY_SIGNATURE 0x00
#define KEY_DIRECTORY 0x19
#define FILES_MAX     4096 /* QEMU itself has room for fewer */

/* One entry of the directory, big endian. */
struct file {
	uint8_t size[4];
	uint8_t select[2];
	uint8_t reserved[2];
	char name[56];
};

static uint32_t be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* Only a device that gives this answer is fw_cfg. */
static bool present(void)
{
	char signature[4];

	if (!fwcfg_may_be_there())
		return false;
	fwcfg_seek(KEY_SIGNATURE);
	fwcfg_next(signature, sizeof(signature));
	return !memcmp(signature, "QEMU", sizeof(signature));
}

static bool find(const char *name, struct file *ret)
{
	uint8_t count[4];

	if (!present())
		return false;
	fwcfg_seek(KEY_DIRECTORY);
	fwcfg_next(count, sizeof(count));
	for (uint32_t i = 0; i < be32(count) && i < FILES_MAX; i++) {
		fwcfg_next(ret, sizeof(*ret));
		if (!strncmp(ret->name, name, sizeof(ret->name)))
			return true;
	}
	return false;
}

uint32_t fwcfg_read(const char *name, void *buf, uint32_t max)
{
	struct file f;
	uint32_t size;

	if (!find(name, &f))
		return 0;
	size = be32(f.size);
	fwcfg_seek((uint16_t)(f.select[0] << 8 | f.select[1]));
	fwcfg_next(buf, size < max ? size : max);
	return size;
}

/* QEMU hw/tpm: struct FwCfgTPMConfig */
struct tpm_config {
	uint8_t ppi_address[4];
	uint8_t tpm_version;
	uint8_t ppi_version; /* 0: none */
};

#define PPI_CLEAR 0x15a /* "movv" in the page of the PPI */

uint64_t fwcfg_clear_request(void)
{
	struct tpm_config c = {0};

	if (fwcfg_read("etc/tpm/config", &c, sizeof(c)) < sizeof(c) || !c.ppi_version)
		return 0;
	return get_u32(c.ppi_address) + PPI_CLEAR;
}
