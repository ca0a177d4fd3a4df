// @ts-check
// What accounts add to the conversation.
import { gettext } from "../rooms/js/ui/i18n.js";
import { icons } from "../rooms/js/ui/icons.js";
import { address } from "../rooms/js/page.js";
import { beginningLinks } from "../rooms/js/parts.js";
import "./seen.js";

beginningLinks.push({
  icon: icons.link,
  label: gettext("Invite new people"),
  href: address("settings/#invitations"),
  offered: ({ chat, room }) => chat.isOwner && room.kind === "public",
});
