// SPDX-License-Identifier: BSD-2-Clause
/* The model's firmware: the services that the door calls, each of which can fail. */
#include <core/log.h>
#include <stage/serial.h>
#include <stage/stop.h>

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocols.h"

#define IMAGE_AT  0x400000ULL
#define CALLS_MAX 100000
#define HANDLE    ((EFI_HANDLE)0x1234)
#define VOLUME    ((EFI_HANDLE)0x5678)

EFI_STATUS efi_main(EFI_HANDLE image, EFI_SYSTEM_TABLE *st, const uint8_t *image_base);

static struct model_result result;
static EFI_BOOT_SERVICES bs;
static EFI_RUNTIME_SERVICES rs;
static EFI_SYSTEM_TABLE st;
static EFI_LOADED_IMAGE loaded;
static EFI_CONFIGURATION_TABLE tables[16];
static SIMPLE_TEXT_OUTPUT_INTERFACE con_out;
static UINTN map_key;
static unsigned int exits;
static bool watchdog_failed;  /* firmware has refused to stop it */
static bool exited, asked_to; /* boot services have ended; may have, in part */
static bool masked;           /* interrupts */
static CHAR16 options[512];
static jmp_buf end;
static char text[64 * 1024];
static size_t text_len;
static const char *complaint;
static uint64_t complaint_at;

/* ---- what happens is written down ------------------------------------------------------------ */

void model_complain(const char *what, uint64_t at)
{
	if (complaint)
		return;
	complaint = what;
	complaint_at = at;
}

const char *model_complaint(void)
{
	static char line[160];

	if (!complaint)
		return NULL;
	snprintf(line, sizeof(line), "%s (0x%" PRIx64 ")", complaint, complaint_at);
	return line;
}

/* The last refusal is the first line with KB-nnn after which no other follows. */
void model_log(const char *line)
{
	const char *kb = strstr(line, "KB-");
	size_t len = strlen(line);

	if (kb && !strstr(line, "remedy"))
		result.code = (unsigned int)strtoul(kb + 3, NULL, 10);
	if (strstr(line, "handing over"))
		result.handed_over = true;
	/* A locked machine believes no carrier. */
	if (strstr(line, "going on without KHO") || strstr(line, "Secure Boot on"))
		sealed_give_up();
	if (len + 2 > sizeof(text) - text_len)
		return;
	memcpy(text + text_len, line, len);
	text[text_len + len] = '\n';
	text_len += len + 1;
	text[text_len] = '\0';
}

const char *model_log_text(void)
{
	return text;
}

void model_end(enum model_end how)
{
	result.end = how;
	longjmp(end, 1);
}

void model_step(void)
{
	if (exited && !masked)
		model_complain("something is done after the exit before interrupts are off",
			       result.steps);
	if (++result.steps != model.reset_at)
		return;
	if (model.cold)
		sealed_lose_caches();
	model_end(END_RESET);
}

void model_mask(void)
{
	masked = true;
}

/* What has to be off before anything that takes time: the data are lost if it comes. */
static bool watchdog_late(enum model_service s)
{
	bool at_stake = model.options && strstr(model.options, "khoboot.nonce=");

	at_stake = at_stake ||
		   (model.carrier && sealed_is_valid() && result.failed != SERVICE_GET_VARIABLE);
	return at_stake && result.watchdog && !watchdog_failed &&
	       (s == SERVICE_ALLOC_ANY || s == SERVICE_ALLOC_AT || s == SERVICE_MAP ||
		s == SERVICE_READ || s == SERVICE_SET_VARIABLE);
}

void firmware_gave_initrd(void)
{
	result.initrd_reads++;
}

bool firmware_fails(enum model_service s)
{
	model_step();
	if (watchdog_late(s))
		model_complain("the watchdog runs while there is something to lose", s);
	/* The services for variables are for the time after it, too; then they need mappings. */
	if (exited || (asked_to && s != SERVICE_MAP && s != SERVICE_EXIT &&
		       s != SERVICE_GET_VARIABLE && s != SERVICE_SET_VARIABLE))
		model_complain("a service was called after boot services ended", s);
	if (++result.calls > CALLS_MAX) {
		model_complain("no end of calls", s);
		model_end(END_HALT);
	}
	if (!model.fail_at ||
	    (model.fail_on ? result.calls < model.fail_at : result.calls != model.fail_at))
		return false;
	if (!result.failed)
		result.failed = s;
	return true;
}

/* ---- memory ---------------------------------------------------------------------------------- */

static void changed(void)
{
	map_key++;
	if (model.own_pages && map_key % 3 == 0)
		memory_grow(1);
}

/*
 * What outlives boot services, or needs a handle, has to be given back, unless a table names it:
 * pool, and pages of other types than EfiLoaderData, which are free again for whatever is started.
 */
static struct range taken[64];

static void note_taken(uint64_t base, uint64_t pages)
{
	size_t i = 0;

	while (i < ARRAY_SIZE(taken) && taken[i].size)
		i++;
	if (i == ARRAY_SIZE(taken))
		abort();
	taken[i] = (struct range){base, pages * MODEL_PAGE};
}

/* 0: not taken */
static uint64_t end_taken(uint64_t base)
{
	uint64_t size = 0;

	for (size_t i = 0; i < ARRAY_SIZE(taken); i++)
		if (taken[i].size && taken[i].base == base) {
			size = taken[i].size;
			taken[i].size = 0;
		}
	return size;
}

static EFI_STATUS give_back(uint64_t base)
{
	uint64_t size = end_taken(base);

	if (!size) {
		model_complain("memory is given back that nobody took", base);
		return EFI_NOT_FOUND;
	}
	/* Debug builds of firmware fill it. */
	memset((void *)(uintptr_t)base, 0xaf, size);
	model_set_type((struct range){base, size}, EfiConventionalMemory);
	changed();
	return EFI_SUCCESS;
}

static EFI_STATUS EFIAPI allocate_pages(EFI_ALLOCATE_TYPE how, EFI_MEMORY_TYPE type, UINTN pages,
					EFI_PHYSICAL_ADDRESS *at)
{
	bool fixed = how == AllocateAddress;
	uint64_t limit = how == AllocateMaxAddress ? *at : UINT64_MAX;

	if (firmware_fails(fixed ? SERVICE_ALLOC_AT : SERVICE_ALLOC_ANY))
		return EFI_OUT_OF_RESOURCES;
	if (fixed ? !memory_alloc_at(type, pages, *at) : !memory_alloc(type, pages, limit, at))
		return EFI_NOT_FOUND;
	if (type != EfiLoaderData)
		note_taken(*at, pages);
	changed();
	return EFI_SUCCESS;
}

static EFI_STATUS EFIAPI free_pages(EFI_PHYSICAL_ADDRESS at, UINTN pages)
{
	(void)pages;
	return give_back(at);
}

static EFI_STATUS EFIAPI allocate_pool(EFI_MEMORY_TYPE type, UINTN size, VOID **ret)
{
	uint64_t at;

	if (firmware_fails(SERVICE_POOL) ||
	    !memory_alloc(type, (size + MODEL_PAGE - 1) / MODEL_PAGE, UINT64_MAX, &at))
		return EFI_OUT_OF_RESOURCES;
	note_taken(at, (size + MODEL_PAGE - 1) / MODEL_PAGE);
	changed();
	*ret = (void *)(uintptr_t)at;
	return EFI_SUCCESS;
}

static EFI_STATUS EFIAPI free_pool(VOID *p)
{
	return give_back((uintptr_t)p);
}

static EFI_STATUS EFIAPI get_memory_map(UINTN *size, EFI_MEMORY_DESCRIPTOR *map, UINTN *key,
					UINTN *desc_size, UINT32 *version)
{
	uint64_t need = memory_count() * model.desc_size;

	if (firmware_fails(SERVICE_MAP))
		return EFI_INVALID_PARAMETER;
	*desc_size = model.desc_size;
	*version = 1;
	if (*size < need) {
		*size = need;
		return EFI_BUFFER_TOO_SMALL;
	}
	memory_fill((void *)map);
	*size = need;
	*key = map_key;
	return EFI_SUCCESS;
}

static EFI_STATUS EFIAPI exit_boot_services(EFI_HANDLE image, UINTN key)
{
	if (image != HANDLE)
		model_complain("ExitBootServices with a wrong handle", 0);
	/* An event may change the map for the last time. */
	if (exits < model.at_exit) {
		memory_grow(model.grows);
		map_key++;
	}
	if (++exits == model.at_exit)
		memory_spoil();
	asked_to = true;
	if (firmware_fails(SERVICE_EXIT) || key != map_key)
		return EFI_INVALID_PARAMETER;
	exited = true;
	return EFI_SUCCESS;
}

/* ---- protocols ------------------------------------------------------------------------------- */

static struct {
	EFI_FILE_PROTOCOL file;
	const uint8_t *data;
	uint64_t size, at;
} files[4];

static unsigned int opened; /* handles of files and volumes */

static EFI_STATUS EFIAPI root_close(EFI_FILE_HANDLE f)
{
	(void)f;
	opened--;
	return EFI_SUCCESS;
}

static size_t number(EFI_FILE_HANDLE f)
{
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		if (&files[i].file == f && files[i].data)
			return i;
	model_complain("no such file handle", (uintptr_t)f);
	return 0;
}

static EFI_STATUS EFIAPI file_close(EFI_FILE_HANDLE f)
{
	files[number(f)].data = NULL;
	opened--;
	return EFI_SUCCESS;
}

static EFI_STATUS EFIAPI file_read(EFI_FILE_HANDLE f, UINTN *size, VOID *to)
{
	size_t i = number(f);
	uint64_t n = min_u64(*size, files[i].size - files[i].at);

	if (firmware_fails(SERVICE_READ))
		return EFI_DEVICE_ERROR;
	if (model.shrinks && files[i].at)
		n = 0;
	if (model.read_max)
		n = min_u64(n, model.read_max);
	memcpy(to, files[i].data + files[i].at, n);
	files[i].at += n;
	*size = n;
	return EFI_SUCCESS;
}

static EFI_STATUS EFIAPI file_seek(EFI_FILE_HANDLE f, UINT64 at)
{
	size_t i = number(f);

	if (firmware_fails(SERVICE_SEEK))
		return EFI_DEVICE_ERROR;
	files[i].at = at == UINT64_MAX ? files[i].size : at;
	return EFI_SUCCESS;
}

static EFI_STATUS EFIAPI file_tell(EFI_FILE_HANDLE f, UINT64 *at)
{
	if (firmware_fails(SERVICE_SEEK))
		return EFI_DEVICE_ERROR;
	*at = files[number(f)].at;
	return EFI_SUCCESS;
}

static EFI_STATUS EFIAPI file_open(EFI_FILE_HANDLE root, EFI_FILE_HANDLE *ret, CHAR16 *name,
				   UINT64 mode, UINT64 attributes)
{
	static size_t next;
	uint64_t size = 0;
	const uint8_t *data = image_file((const uint16_t *)name, &size);

	(void)root, (void)mode, (void)attributes;
	if (firmware_fails(SERVICE_OPEN))
		return EFI_DEVICE_ERROR;
	if (!data)
		return EFI_NOT_FOUND;
	next = (next + 1) % ARRAY_SIZE(files);
	files[next].file = (EFI_FILE_PROTOCOL){.Close = file_close,
					       .Read = file_read,
					       .GetPosition = file_tell,
					       .SetPosition = file_seek};
	files[next].data = data;
	files[next].size = size;
	files[next].at = 0;
	opened++;
	*ret = &files[next].file;
	return EFI_SUCCESS;
}

static EFI_FILE_PROTOCOL root_dir = {.Open = file_open, .Close = root_close};

static EFI_STATUS EFIAPI open_volume(EFI_FILE_IO_INTERFACE *volume, EFI_FILE_HANDLE *root)
{
	(void)volume;
	if (firmware_fails(SERVICE_VOLUME))
		return EFI_DEVICE_ERROR;
	opened++;
	*root = &root_dir;
	return EFI_SUCCESS;
}

static EFI_FILE_IO_INTERFACE volume_protocol = {.OpenVolume = open_volume};

static EFI_STATUS EFIAPI get_rng(EFI_RNG_PROTOCOL *rng, EFI_RNG_ALGORITHM *algorithm, UINTN size,
				 UINT8 *to)
{
	(void)rng, (void)algorithm;
	if (firmware_fails(SERVICE_OTHER))
		return EFI_DEVICE_ERROR;
	memset(to, 0x77, size);
	return EFI_SUCCESS;
}

static EFI_RNG_PROTOCOL rng_protocol = {.GetRNG = get_rng};

static EFI_STATUS EFIAPI handle_protocol(EFI_HANDLE handle, EFI_GUID *guid, VOID **ret)
{
	if (firmware_fails(SERVICE_HANDLE))
		return EFI_UNSUPPORTED;
	if (handle == HANDLE && guid_is(guid, (EFI_GUID)LOADED_IMAGE_PROTOCOL))
		*ret = &loaded;
	else if (handle == VOLUME && guid_is(guid, (EFI_GUID)SIMPLE_FILE_SYSTEM_PROTOCOL) &&
		 !model.no_volume)
		*ret = &volume_protocol;
	else
		*ret = protocol_on(handle, guid);
	return *ret ? EFI_SUCCESS : EFI_UNSUPPORTED;
}

static EFI_STATUS EFIAPI locate_handle(EFI_LOCATE_SEARCH_TYPE how, EFI_GUID *guid, VOID *key,
				       UINTN *size, EFI_HANDLE *ret)
{
	(void)key;
	if (firmware_fails(SERVICE_LOCATE))
		return EFI_NOT_FOUND;
	return how == ByProtocol ? protocol_handles(guid, size, ret) : EFI_INVALID_PARAMETER;
}

static EFI_STATUS EFIAPI locate_path(EFI_GUID *guid, EFI_DEVICE_PATH **path, EFI_HANDLE *ret)
{
	return firmware_fails(SERVICE_LOCATE) ? EFI_NOT_FOUND : protocol_path(guid, path, ret);
}

static EFI_STATUS EFIAPI locate_protocol(EFI_GUID *guid, VOID *registration, VOID **ret)
{
	(void)registration;
	*ret = NULL;
	if (firmware_fails(SERVICE_LOCATE))
		return EFI_NOT_FOUND;
	*ret = guid_is(guid, (EFI_GUID)EFI_RNG_PROTOCOL_GUID) ? &rng_protocol
							      : protocol_alone(guid);
	return *ret ? EFI_SUCCESS : EFI_NOT_FOUND;
}

/* A GUID has one table: the last one. */
static EFI_STATUS EFIAPI install_table(EFI_GUID *guid, VOID *table)
{
	UINTN i = 0;

	while (i < st.NumberOfTableEntries && !guid_is(&tables[i].VendorGuid, *guid))
		i++;
	if (firmware_fails(SERVICE_INSTALL) || i == ARRAY_SIZE(tables))
		return EFI_OUT_OF_RESOURCES;
	if (!table)
		return EFI_NOT_FOUND;
	tables[i] = (EFI_CONFIGURATION_TABLE){*guid, table};
	if (i == st.NumberOfTableEntries)
		st.NumberOfTableEntries++;
	return EFI_SUCCESS;
}

static bool is_table(uint64_t at)
{
	for (UINTN i = 0; i < st.NumberOfTableEntries; i++)
		if ((uintptr_t)tables[i].VendorTable == at)
			return true;
	return false;
}

/* At a return to firmware, and when the kernel is entered. */
static void check_taken(void)
{
	if (opened)
		model_complain("file handles stay open", opened);
	for (size_t i = 0; i < ARRAY_SIZE(taken); i++)
		if (taken[i].size && !is_table(taken[i].base))
			model_complain("memory was not given back", taken[i].base);
}

static EFI_STATUS EFIAPI set_watchdog(UINTN timeout, UINT64 code, UINTN size, CHAR16 *data)
{
	(void)code, (void)size, (void)data;
	if (firmware_fails(SERVICE_WATCHDOG)) {
		watchdog_failed = true;
		return EFI_DEVICE_ERROR;
	}
	result.watchdog = timeout;
	return EFI_SUCCESS;
}

/* Whatever the door calls, it gets an answer. The caller cleans the stack. */
static EFI_STATUS EFIAPI unsupported(void)
{
	return firmware_fails(SERVICE_OTHER) ? EFI_DEVICE_ERROR : EFI_UNSUPPORTED;
}

/* ---- variables ------------------------------------------------------------------------------- */

static const uint16_t our_entry = 3;

static struct {
	CHAR16 name[32];
	uint8_t data[4096];
	size_t size;
} variables[12];

static bool same(const CHAR16 *a, const CHAR16 *b)
{
	while (*a && *a == *b)
		a++, b++;
	return *a == *b;
}

static size_t find_variable(const CHAR16 *name)
{
	size_t i = 0;

	while (i < ARRAY_SIZE(variables) && !(variables[i].size && same(variables[i].name, name)))
		i++;
	return i;
}

static void put_variable(const CHAR16 *name, const void *data, size_t size)
{
	size_t i = find_variable(name);

	for (size_t n = 0; i == ARRAY_SIZE(variables) && n < ARRAY_SIZE(variables); n++)
		if (!variables[n].size)
			i = n;
	if (i == ARRAY_SIZE(variables) || size > sizeof(variables[i].data))
		abort();
	for (size_t n = 0; n < ARRAY_SIZE(variables[i].name) - 1; n++) {
		variables[i].name[n] = name[n];
		if (!name[n])
			break;
	}
	if (size)
		memcpy(variables[i].data, data, size);
	variables[i].size = size;
}

static EFI_STATUS EFIAPI get_variable(CHAR16 *name, EFI_GUID *guid, UINT32 *attributes, UINTN *size,
				      VOID *data)
{
	size_t i = find_variable(name);
	UINTN room = *size;

	(void)guid, (void)attributes;
	if (firmware_fails(SERVICE_GET_VARIABLE))
		return EFI_DEVICE_ERROR;
	if (i == ARRAY_SIZE(variables))
		return EFI_NOT_FOUND;
	*size = variables[i].size;
	if (room < variables[i].size)
		return EFI_BUFFER_TOO_SMALL;
	memcpy(data, variables[i].data, variables[i].size);
	return EFI_SUCCESS;
}

static const CHAR16 overwrite[] = u"MemoryOverwriteRequestControl";

/* A reset would clear memory, and a record is live. */
static bool may_clear(const uint8_t *request)
{
	return *request & 1 && model.sealed && sealed_is_valid();
}

static EFI_STATUS EFIAPI set_variable(CHAR16 *name, EFI_GUID *guid, UINT32 attributes, UINTN size,
				      VOID *data)
{
	(void)guid;
	if (firmware_fails(SERVICE_SET_VARIABLE))
		return EFI_OUT_OF_RESOURCES;
	if (same(name, u"BootNext") && size &&
	    (attributes != FW_KEPT || size != 2 || memcmp(data, &our_entry, 2)))
		model_complain("BootNext does not lead back to this entry", attributes);
	if (same(name, overwrite) && (attributes != FW_KEPT || size != 1 || may_clear(data)))
		model_complain("memory would be cleared while the data can be used", attributes);
	if (size || find_variable(name) < ARRAY_SIZE(variables))
		put_variable(name, data, size);
	if (same(name, overwrite) && !model.at_exit)
		memory_spoil();
	return EFI_SUCCESS;
}

static EFI_STATUS EFIAPI output_string(SIMPLE_TEXT_OUTPUT_INTERFACE *out, CHAR16 *line)
{
	char s[300];
	size_t n = 0;

	(void)out;
	if (asked_to)
		model_complain("firmware's console was used after boot services ended", 0);
	for (; line[n] && line[n] != '\r' && n < sizeof(s) - 1; n++)
		s[n] = (char)line[n];
	s[n] = '\0';
	model_log(s);
	return EFI_SUCCESS;
}

/* ---- a start --------------------------------------------------------------------------------- */

/* All of a table of services, whatever they are: the header is left alone. */
static void fill_services(void *table, size_t size)
{
	EFI_STATUS(EFIAPI * none)(void) = unsupported;

	for (size_t at = sizeof(EFI_TABLE_HEADER); at + sizeof(none) <= size; at += sizeof(none))
		memcpy((uint8_t *)table + at, &none, sizeof(none));
}

static void set_services(void)
{
	fill_services(&bs, sizeof(bs));
	fill_services(&rs, sizeof(rs));
	bs.AllocatePages = allocate_pages;
	bs.FreePages = free_pages;
	bs.GetMemoryMap = get_memory_map;
	bs.AllocatePool = allocate_pool;
	bs.FreePool = free_pool;
	bs.HandleProtocol = handle_protocol;
	bs.LocateHandle = locate_handle;
	bs.LocateDevicePath = locate_path;
	bs.LocateProtocol = locate_protocol;
	bs.InstallConfigurationTable = install_table;
	bs.ExitBootServices = exit_boot_services;
	bs.SetWatchdogTimer = set_watchdog;
	rs.GetVariable = get_variable;
	rs.SetVariable = set_variable;
	con_out.OutputString = output_string;
}

static void set_options(void)
{
	size_t n = 0;

	for (; model.options && model.options[n]; n++)
		options[n] = (CHAR16)model.options[n];
	options[n] = 0;
	loaded.LoadOptions = options;
	loaded.LoadOptionsSize = (UINT32)((n + 1) * sizeof(options[0]));
}

/* No variable is there but what every boot entry has. */
void firmware_start(void)
{
	memset(variables, 0, sizeof(variables));
	put_variable(u"BootCurrent", &our_entry, sizeof(our_entry));
	if (model.overwrite)
		put_variable(overwrite, &model.overwrite, 1);
}

static void set_image(void)
{
	static struct {
		uint8_t head[4];
		CHAR16 name[9];
		uint8_t end[4];
	} path = {{4, 4, 4 + 18}, u"\\uki.efi", {0x7f, 0xff, 4}};
	uint64_t size = image_load((uint8_t *)(uintptr_t)IMAGE_AT, model.bare_stub);

	loaded.ImageBase = (void *)(uintptr_t)IMAGE_AT;
	loaded.ImageSize = size;
	loaded.DeviceHandle = VOLUME;
	loaded.FilePath = (EFI_DEVICE_PATH *)&path;
	model_set_type((struct range){IMAGE_AT, align_up_page(size)}, EfiLoaderCode);
}

static void power_on(void)
{
	static CHAR16 vendor[] = u"model";
	static const uint8_t one = 1, zero = 0;

	result = (struct model_result){.watchdog = true};
	text_len = 0;
	complaint = NULL;
	exited = asked_to = masked = false;
	watchdog_failed = false;
	exits = opened = 0;
	memset(taken, 0, sizeof(taken));
	protocols_start();
	set_services();
	set_image();
	set_options();
	/* Firmware deletes it before it starts the entry. */
	put_variable(u"BootNext", NULL, 0);
	if (model.secure) {
		put_variable(u"SecureBoot", &one, 1);
		put_variable(u"SetupMode", &zero, 1);
	}
	memset(tables, 0, sizeof(tables));
	st = (EFI_SYSTEM_TABLE){.BootServices = &bs,
				.RuntimeServices = &rs,
				.ConOut = &con_out,
				.ConfigurationTable = tables,
				.NumberOfTableEntries = protocol_tables(tables),
				.FirmwareVendor = vendor,
				.FirmwareRevision = 7};
}

/* As in an image that was just loaded. */
static void reset_log(void)
{
	kb_log_remove_sink(fw_console_line);
	kb_log_remove_sink(serial_line);
	kb_log_set_level(KB_INFO);
	kb_log_buffer(NULL, 0);
	stop_set_policy(KB_ON_ERROR_HALT);
}

void model_run(struct model_result *ret)
{
	power_on();
	reset_log();
	if (!setjmp(end)) {
		result.answer = efi_main(HANDLE, &st, (const uint8_t *)(uintptr_t)IMAGE_AT);
		result.end = END_RETURN;
		if (exits)
			model_complain("returned to firmware after ExitBootServices", exits);
	}
	if (result.end == END_RETURN || result.end == END_LEAVE)
		check_taken();
	if (result.end == END_LEAVE && !result.failed &&
	    protocols_broken(tables, st.NumberOfTableEntries))
		model_complain(protocols_broken(tables, st.NumberOfTableEntries), 0);
	result.exiting = asked_to;
	result.sealed = sealed_is_valid() && !(result.end == END_LEAVE && model.carrier);
	result.boot_next = find_variable(u"BootNext") < ARRAY_SIZE(variables);
	if (find_variable(overwrite) < ARRAY_SIZE(variables))
		result.overwrite = variables[find_variable(overwrite)].data[0];
	*ret = result;
}

void model_check_leave(struct range window, struct range block, struct range initrd)
{
	const struct range all[] = {window, block, initrd};

	if (!exited)
		model_complain("left before boot services ended", 0);
	if (!sealed_is_flushed())
		model_complain("the record's end was not flushed", 0);
	if (block.size && model_has_data() && sealed_is_named(block) != result.handed_over)
		model_complain("what the kernel gets is not what the log says", block.base);
	if (block.size && !result.failed && !initrd_is_whole(initrd))
		model_complain("the kernel does not get the boot loader's initrd", initrd.base);
	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		if (model.overlaps && ranges_overlap(all[i], MODEL_OVERLAP))
			model_complain("the kernel gets reserved memory", all[i].base);
	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		for (uint64_t at = align_down(all[i].base, MODEL_PAGE); at < range_end(all[i]);
		     at += MODEL_PAGE) {
			int type = model_type(at);

			if (type != EfiLoaderData && type != EfiLoaderCode)
				model_complain("the kernel gets memory that nobody claimed", at);
			if (model_has_data() && result.handed_over && sealed_is_preserved(at))
				model_complain("the kernel's memory is preserved", at);
		}
}
