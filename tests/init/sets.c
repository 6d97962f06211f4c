// SPDX-License-Identifier: BSD-2-Clause
/*
 * sets.c - live update sessions as user space has them: several of them, each with files of any
 * size, position and seals.
 *
 * A set is a list of sessions. What is in a file follows from the seed, its set, its session and
 * its token, so that any later kernel can tell whether it came back. Files stay open once they are
 * back, and a kernel that hands over in turn preserves the same ones again, as a hypervisor does
 * with the memory of its guests.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "init.h"

#define KIB 1024ULL
#define MIB (1024 * KIB)

/* include/uapi/linux/memfd.h and fcntl.h, which may be newer than the C library. */
#define ALLOW_SEALING     2U
#define GET_SEALS         1034
#define ADD_SEALS         1033
#define SEAL_SEAL         1U
#define SEAL_SHRINK       2U
#define SEAL_GROW         4U
#define SEAL_WRITE        8U
#define SEAL_FUTURE_WRITE 16U
#define SEAL_EXEC         32U

#define SHMEM_HUGE  "/sys/kernel/mm/transparent_hugepage/shmem_enabled"
#define HUGE_PAGE   (2 * MIB)
#define SPARSE_STEP 97 /* one page in so many has data, where a file is sparse */
#define MOST_FILES  8192

/* SEAL_SEAL alone: made without MFD_ALLOW_SEALING, as most are. */
struct file {
	uint64_t token, size, pos;
	unsigned int seals;
	bool sparse;
};

struct session {
	const char *name;
	unsigned int files;
	const struct file *file;
};

struct set {
	const char *name;
	unsigned int sessions;
	const struct session *session; /* NULL: they are all alike, of one page a file */
	unsigned int files;            /* of each, if so */
	bool huge;
};

#define ARRAY(a) (sizeof(a) / sizeof((a)[0])), (a)

static const struct file guest_ram[] = {
	{.token = 1, .size = 3 * MIB, .pos = 0x1234, .seals = SEAL_SEAL},
	{.token = 2, .size = 5001, .pos = 5001, .seals = SEAL_SEAL},
	{.token = 0, .size = 16 * MIB + 1, .pos = 1ULL << 40, .seals = SEAL_SEAL, .sparse = true},
};
static const struct file odds[] = {
	{.token = UINT64_MAX, .size = 0, .seals = SEAL_SEAL},
	{.token = 2, .size = 1, .pos = 1, .seals = SEAL_SEAL},
	{.token = 3, .size = 0, .pos = 77, .seals = SEAL_SEAL},
};
static const struct file sealed[] = {
	{.token = 1, .size = 20000, .seals = 0},
	{.token = 2, .size = 1 * MIB, .pos = 9, .seals = SEAL_SHRINK | SEAL_GROW},
	{.token = 3, .size = 8 * KIB, .seals = SEAL_WRITE},
	{.token = 4, .size = 12345, .pos = 12344, .seals = SEAL_FUTURE_WRITE | SEAL_SEAL},
	{.token = 5, .size = 0, .seals = SEAL_GROW},
	{.token = 6, .size = 4 * MIB, .seals = 63, .sparse = true},
};
static const struct file large[] = {{.token = 1, .size = 700 * MIB + 8, .seals = SEAL_SEAL}};
static const struct file huge[] = {{.token = 1, .size = 16 * MIB, .seals = SEAL_SEAL}};

static const struct session plain_sessions[] = {
	{"guest ram", ARRAY(guest_ram)},
	{"no files", 0, NULL},
	{"a name that has as many characters as the name of a session can", ARRAY(odds)},
};
static const struct session sealed_sessions[] = {{"sealed", ARRAY(sealed)}};
static const struct session large_sessions[] = {{"large", ARRAY(large)}};
static const struct session huge_sessions[] = {{"huge", ARRAY(huge)}};

static const struct set named[] = {
	{.name = "plain", ARRAY(plain_sessions)},
	{.name = "sealed", ARRAY(sealed_sessions)},
	{.name = "large", ARRAY(large_sessions)},
	{.name = "huge", ARRAY(huge_sessions), .huge = true},
};

/* All files of all sets, in order; kept for the next kernel. */
static int kept[MOST_FILES];
static size_t kept_count;

/* "800x3": 800 sessions of 3 files. */
static struct set find_set(const char *name)
{
	struct set ret = {.name = name};
	char *end;

	for (size_t i = 0; i < sizeof(named) / sizeof(named[0]); i++)
		if (!strcmp(named[i].name, name))
			return named[i];
	ret.sessions = (unsigned int)strtoul(name, &end, 10);
	if (*end == 'x')
		ret.files = (unsigned int)strtoul(end + 1, &end, 10);
	if (*end || !ret.sessions)
		fail("set: there is no '%s'", name);
	return ret;
}

/* A session has the name of its set, unless there is no room. */
static void session_name(const struct set *set, unsigned int index, char ret[64])
{
	if (!set->session)
		snprintf(ret, 64, "%s %u", set->name, index);
	else if (strlen(set->session[index].name) > 32)
		snprintf(ret, 64, "%.63s", set->session[index].name);
	else
		snprintf(ret, 64, "%s %s", set->name, set->session[index].name);
}

static unsigned int file_count(const struct set *set, unsigned int session)
{
	return set->session ? set->session[session].files : set->files;
}

static struct file get_file(const struct set *set, unsigned int session, unsigned int index)
{
	if (set->session)
		return set->session[session].file[index];
	return (struct file){.token = index, .size = page_size(), .pos = index, .seals = SEAL_SEAL};
}

/* FNV-1a of where the file is. */
static uint64_t file_seed(const char *session, uint64_t token, uint64_t seed)
{
	uint64_t ret = 0xcbf29ce484222325ULL ^ seed;

	for (; *session; session++)
		ret = (ret ^ (uint8_t)*session) * 0x100000001b3ULL;
	return (ret ^ token) * 0x100000001b3ULL;
}

static uint64_t page_count(const struct file *f)
{
	return (f->size + PAGE - 1) / PAGE;
}

static bool has_data(const struct file *f, uint64_t page)
{
	return !f->sparse || page % SPARSE_STEP == 0 || page == page_count(f) - 1;
}

/* What page @number of the file has: a pattern up to its end, or zeros. */
static void make_page(const struct file *f, uint64_t seed, uint64_t number, uint64_t *page)
{
	uint64_t left = f->size - number * PAGE;

	if (has_data(f, number))
		fill_page(page, seed, number);
	else
		memset(page, 0, PAGE);
	if (left < PAGE)
		memset((uint8_t *)page + left, 0, PAGE - left);
}

/* ---- outgoing side ------------------------------------------------------------------------- */

static void fill_file(int fd, const struct file *f, uint64_t seed)
{
	uint64_t pages = page_count(f), *at;

	if (!pages)
		return;
	at = map_memfd(fd, pages, PROT_READ | PROT_WRITE);
	for (uint64_t i = 0; i < pages; i++)
		if (has_data(f, i))
			make_page(f, seed, i, at + i * WORDS);
	munmap(at, pages * PAGE);
}

static int make_file(const struct file *f, uint64_t seed)
{
	unsigned int flags = f->seals == SEAL_SEAL ? 0 : ALLOW_SEALING;
	int fd = (int)syscall(SYS_memfd_create, "khotest-set", flags);

	if (fd < 0 || ftruncate(fd, (off_t)f->size))
		fail("set: memfd: %s", strerror(errno));
	fill_file(fd, f, seed);
	if (flags && f->seals && fcntl(fd, ADD_SEALS, f->seals))
		fail("set: seals 0x%x: %s", f->seals, strerror(errno));
	if (lseek(fd, (off_t)f->pos, SEEK_SET) != (off_t)f->pos)
		fail("set: position: %s", strerror(errno));
	return fd;
}

void allow_huge(const char *when)
{
	int fd = open(SHMEM_HUGE, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, when, strlen(when)) < 0)
		fail(SHMEM_HUGE ": %s", strerror(errno));
	close(fd);
}

/* Each session and each file is open. */
static void allow_files(void)
{
	struct rlimit most = {65536, 65536};

	if (setrlimit(RLIMIT_NOFILE, &most))
		fail("set: open files: %s", strerror(errno));
}

/* The files of one session: new ones, or those that this kernel got. */
static void keep_session(const struct set *set, unsigned int index, uint64_t seed, bool again)
{
	char name[64];
	int session;

	session_name(set, index, name);
	session = luo_session(name, false);
	for (unsigned int i = 0; i < file_count(set, index); i++) {
		struct file f = get_file(set, index, i);

		if (kept_count == MOST_FILES)
			fail("set: too many files");
		if (!again)
			kept[kept_count] = make_file(&f, file_seed(name, f.token, seed));
		luo_session_keep(session, kept[kept_count++], f.token);
	}
}

static void keep_set(const char *name, uint64_t seed, bool again)
{
	struct set set = find_set(name);
	size_t first = kept_count;

	if (set.huge && !again)
		allow_huge("always");
	for (unsigned int i = 0; i < set.sessions; i++)
		keep_session(&set, i, seed, again);
	if (set.huge && !again)
		allow_huge("never");
	say("set_kept=%s, %u sessions, %zu files", name, set.sessions, kept_count - first);
}

void sets_preserve(const char *names, uint64_t seed)
{
	char *list = strdup(names), *rest = list, *name;
	bool again = kept_count > 0;

	allow_files();
	kept_count = 0;
	while ((name = strsep(&rest, ",")))
		keep_set(name, seed, again);
	free(list);
}

/* ---- incoming side ------------------------------------------------------------------------- */

static void check_content(int fd, const struct file *f, uint64_t seed, const char *session)
{
	uint64_t pages = page_count(f), *want = malloc(PAGE), *at;

	at = pages ? map_memfd(fd, pages, PROT_READ) : NULL;
	for (uint64_t i = 0; i < pages; i++) {
		make_page(f, seed, i, want);
		if (memcmp(want, at + i * WORDS, PAGE))
			fail("set: session '%s', file 0x%llx, page %llu differs", session,
			     (unsigned long long)f->token, (unsigned long long)i);
	}
	if (pages)
		munmap(at, pages * PAGE);
	free(want);
}

static void same(const char *session, const struct file *f, const char *what, uint64_t have,
		 uint64_t want)
{
	if (have != want)
		fail("set: session '%s', file 0x%llx: %s 0x%llx, not 0x%llx", session,
		     (unsigned long long)f->token, what, (unsigned long long)have,
		     (unsigned long long)want);
}

static bool is_huge(int fd)
{
	uint64_t *at = map_memfd(fd, HUGE_PAGE / PAGE, PROT_READ), addr;

	*(volatile uint64_t *)at;
	addr = physical(at);
	for (uint64_t i = 1; i < HUGE_PAGE / PAGE; i++) {
		*(volatile uint64_t *)(at + i * WORDS);
		if (physical(at + i * WORDS) != addr + i * PAGE)
			return false;
	}
	munmap(at, HUGE_PAGE);
	return addr % HUGE_PAGE == 0;
}

static void check_file(int fd, const struct file *f, const char *session, uint64_t seed)
{
	struct stat st;

	if (fstat(fd, &st))
		fail("set: %s", strerror(errno));
	same(session, f, "size", (uint64_t)st.st_size, f->size);
	same(session, f, "position", (uint64_t)lseek(fd, 0, SEEK_CUR), f->pos);
	same(session, f, "seals", (uint64_t)fcntl(fd, GET_SEALS), f->seals);
	same(session, f, "access", (uint64_t)(fcntl(fd, F_GETFL) & O_ACCMODE), O_RDWR);
	check_content(fd, f, file_seed(session, f->token, seed), session);
}

static void check_session(const struct set *set, unsigned int index, uint64_t seed)
{
	char name[64];
	int session;

	session_name(set, index, name);
	session = luo_session(name, true);
	for (unsigned int i = 0; i < file_count(set, index); i++) {
		/* Asked for in another order than they were given. */
		unsigned int n = file_count(set, index) - 1 - i;
		struct file f = get_file(set, index, n);
		int fd = luo_session_take(session, f.token);

		check_file(fd, &f, name, seed);
		if (set->huge && !is_huge(fd))
			fail("set: session '%s': no huge pages any more", name);
		kept[kept_count + n] = fd;
	}
	kept_count += file_count(set, index);
	luo_session_finish(session);
}

static void check_set(const char *name, uint64_t seed)
{
	struct set set = find_set(name);
	size_t first = kept_count;

	for (unsigned int i = 0; i < set.sessions; i++)
		check_session(&set, i, seed);
	say("set_checked=%s, %u sessions, %zu files", name, set.sessions, kept_count - first);
}

void sets_check(const char *names, uint64_t seed)
{
	char *list = strdup(names), *rest = list, *name;

	allow_files();
	kept_count = 0;
	while ((name = strsep(&rest, ",")))
		check_set(name, seed);
	free(list);
}
